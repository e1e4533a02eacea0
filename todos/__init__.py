"""To-dos: the list, its pages and its rules.

    models.py      a to-do, what can be done to one and to many, and the files that hang on it
    order.py       the order of a list, in which anything can be moved
    forms.py       what a to-do may be, for pages and programs alike
    quick_add.py   parser for quick-add lines: a title with a due date at its end
    views.py       the pages, and the fragments of them that htmx asks for
    listing.py     which part of a list a page shows
    attaching.py   files that are attached and taken off, by the pages
    api.py         the JSON
    exchange.py    import and export, as pages and for programs
    exporting.py   a list becomes rows of a file
    importing.py   a file becomes part of a list: read, judged, and told what is wrong with it; tasks.py, its door
    merging.py     what is written of that, and nothing twice
    formats/       what such files look like
    stream.py      what has changed, for the list's other tabs and devices
    retention.py   the trash is emptied

It knows files (`uploads`) and jobs (`progress`).
"""
