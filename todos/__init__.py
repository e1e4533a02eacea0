"""To-dos: the list, its pages and its rules."""
