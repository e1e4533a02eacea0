"""Words for completed and active to-dos in files of other programs."""

DONE = {
    *("1", "x", "y", "✓", "✔", "☑", "yes", "true", "checked", "closed", "complete", "completed", "done", "finished"),
    *("resolved", "ja", "wahr", "abgeschlossen", "erledigt", "fertig", "oui", "vrai", "fait", "fini", "terminé"),
    *("terminée", "sí", "si", "verdadero", "completada", "completado", "hecho", "terminado", "sim", "concluída"),
    *("concluído", "feito", "vero", "completata", "completato", "fatto", "afgerond", "gereed", "klaar", "voltooid"),
    *(
        "færdig",
        "färdig",
        "ferdig",
        "fullført",
        "klar",
        "zakończone",
        "zrobione",
        "готово",
        "завершено",
        "完了",
        "完成",
    ),
}
OPEN = {
    *("0", "n", "no", "false", "active", "incomplete", "needs action", "new", "not completed", "not started", "open"),
    *("pending", "to do", "todo", "unchecked", "uncompleted", "nein", "falsch", "nicht begonnen", "offen"),
    *("unerledigt", "non", "faux", "à faire", "non commencé", "non commencée", "falso", "no iniciada", "pendiente"),
    *("não", "não iniciada", "da fare", "non iniziata", "nee", "niet gestart"),
}
CANCELLED = {"abandoned", "abgebrochen", "canceled", "cancelled", "dropped", "won't do", "wont do"}
"""Counts as completed."""


def is_done(words: str) -> bool | None:
    """Return whether the words mean completed (True) or active (False). Return None for other words."""
    found = " ".join(words.replace("-", " ").replace("_", " ").split()).casefold()
    if found in DONE or found in CANCELLED:
        return True
    return False if found in OPEN or not found else None


def says_more(words: str) -> bool:
    """Return whether the words mean more than completed or active, such as "waiting"."""
    found = " ".join(words.replace("-", " ").replace("_", " ").split()).casefold()
    return bool(found) and found not in DONE | OPEN
