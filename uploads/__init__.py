"""Uploads: receiving files, keeping them private, and making pictures of them.

A file comes in by one of two doors:
    forms.py       a form, by page or API, as a whole
    tus.py         the protocol tus, in as many requests as it takes; tus_headers.py reads its headers
    body.py        the bytes of a request as they arrive
    transfers.py   the rules: who may write where, and when a file is complete
    pieces.py      the bytes of a file on its way here; disk.py, how the disk is waited for
    limits.py      how much may be sent
    checksums.py   digests of what has arrived, for clients that go on with it
    receiving.py   a file has arrived: it is named, sniffed, kept, and its job enqueued
    names.py       the name that it is shown by; visible.py, whether a text shows anything

What becomes of it:
    processing.py  the job: SHA-256, then renditions
    pictures.py    what the decoder makes of a file, counted and collected
    child.py       the decoder's parent: starts it, listens to it, stops it
    decoder.py     the child process that alone opens files, with memory and time limits:
                   raster.py pictures, pdf.py PDFs
    serving.py     bytes go out: to their owner, and harmless to the browser; ranges.py, in part
    storage.py     where bytes are: in a directory; or in an object store, by s3.py
    retention.py   what nobody will come back for is deleted; trash.py, the page of deleted files
    fsck.py        rows and bytes that are out of step are found

For programs:
    api.py         the JSON of uploads; json_api.py, what it has in common with that of to-dos

It knows jobs (`progress`), and nothing of to-dos.
"""
