# Nachfassen. Telegram-HTML; Werte sind schon maskiert.

way-out = <i>/stop beendet diese Nachrichten.</i>
