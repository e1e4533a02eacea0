"""Uploads: receiving files, keeping them private, and making pictures of them.

    receiving.py   a file comes in: named, sniffed, kept, and its job enqueued
    processing.py  the job: SHA-256, then renditions
    decoder.py     the child process that alone opens pictures, with memory and time limits
    pictures.py    the parent's side of that child
    serving.py     bytes go out: to their owner, and harmless to the browser

It knows jobs (`progress`), and nothing of to-dos.
"""
