# Ein Schritt, dessentwegen der Bot blockiert wird, wird von selbst angehalten.

breaker-stopped = ⛔ { $blocked } der letzten { $sent }, die den Schritt „{ $step }“ deines Funnels „{ $funnel }“ bekommen haben, haben den Bot seither blockiert. Das ist weit mehr als sonst, deshalb steht der Schritt still; der Rest des Funnels läuft, und wer zu diesem Schritt kommt, wartet dort. Sieh dir an, was er sagt, ändere ihn oder starte ihn wieder.
breaker-start = ▶️ Wieder starten
