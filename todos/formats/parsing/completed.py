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
"""Values of cancelled to-dos, which are imported as completed."""


def is_done(words: str) -> bool | None:
    """Return whether the words mean completed (True) or active (False). Return None for other words."""
    normalized = _normalize(words)
    if normalized in DONE or normalized in CANCELLED:
        return True
    return False if normalized in OPEN or not normalized else None


def is_other_status(words: str) -> bool:
    """Return whether the words mean anything but completed and active, such as "waiting" and "cancelled"."""
    normalized = _normalize(words)
    return bool(normalized) and normalized not in DONE | OPEN


def _normalize(words: str) -> str:
    return " ".join(words.replace("-", " ").replace("_", " ").split()).casefold()
