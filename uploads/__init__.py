"""Uploads: receiving files, storing them privately, and making renditions of pictures and PDFs.

    receiving/    a multipart form or tus requests become an upload with a queued job
    processing    the job: the SHA-256, and the renditions of those kinds of files that have a decoder
    kinds         the table of these kinds
    decoding/     the subprocess that opens untrusted files, and the parent's side of it
    storage/      where the bytes are, how they are sent to their owner, and the check of rows against bytes
    listing       the sorted and searched list, for pages and the API; selection has the files selected in it
    views, api    the pages and the JSON API; http/ has what APIs of other apps use as well
    retention     deletes expired transfers and the trash

The package depends on `progress` for jobs, and not on `todos`.
"""
