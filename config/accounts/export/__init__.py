"""Export of everything of one user: a job makes a ZIP archive, which its owner can download for a day.

    tasks.py      the task, and starting it
    storing.py    the archive is written to a temporary file, stored, and recorded
    archive.py    the contents of the archive: to-dos.json, and the files in a folder
    views.py      the download

Archives are rows of the model `Export`. They are no uploads: they neither count towards the quota nor are in the list.
"""
