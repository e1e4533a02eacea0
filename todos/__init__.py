"""To-dos: the list, its pages, its API, and import and export.

    models.py        to-dos and their attachments: queries and updates
    fields.py        the table of fields, for forms, API and files
    ordering.py      positions in a list
    limits.py        the number of to-dos of a user and the length of their text
    search.py        the folded text that a search reads
    forms/           validation, for pages and the API
    quick_add.py     parser for quick-add lines: a title with a due date at its end
    time_zones.py    lookup of time zones by name
    filters.py       the filter of a list, its pages and its URLs
    views/           pages of the list, of one to-do and its attachments, and of the trash, also of files
    undo.py          undo of changes of several to-dos
    api.py           the JSON API
    live.py          the stream of changed to-dos
    import_export/   import and export, as pages and in the API
    formats/         file formats: parsers and writers
    tasks.py         the task that imports a file
    retention.py     hourly maintenance: emptying the trash

It may import `uploads` and `progress`.
"""
