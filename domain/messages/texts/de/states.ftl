# Phasen und Zustände. Ohne Auszeichnung; eigene eines Creators stehen, wie sie heißen.

stage-new = neu
stage-engaged = interessiert
stage-customer = gekauft
stage-lost = verloren

order-is-open = offen
order-is-awaiting_payment = wartet auf Zahlung
order-is-paid = bezahlt
order-is-fulfilled = geliefert
order-is-oversold = bezahlt, aber ausverkauft
order-is-expired = verfallen
order-is-cancelled = abgebrochen
order-is-refunded = erstattet
order-is-partly_refunded = zum Teil erstattet
order-is-disputed = angefochten

flow-is-active = läuft
flow-is-waiting = wartet
flow-is-paused = unterbrochen
flow-is-done = abgeschlossen
flow-is-cancelled = abgebrochen
flow-is-expired = ohne Antwort beendet

funnel-is-active = läuft
funnel-is-held = wartet auf den Funnel
funnel-is-done = abgeschlossen
funnel-is-stopped = beendet
funnel-is-parked = angehalten

message-is-queued = in der Warteschlange
message-is-sending = wird gesendet
message-is-sent = gesendet
message-is-failed = nicht gesendet
message-is-blocked = blockiert
message-is-cancelled = nicht mehr gesendet
message-is-uncertain = ungewiss

message-of-delivery = Lieferung
message-of-notice = Mitteilung
message-of-funnel = Funnel
message-of-flow = Flow
message-of-broadcast = Rundnachricht
message-of-trial = Probe einer Rundnachricht
message-of-post = Beitrag zu einer Idee

about-order = Bestellung
about-link = Link
about-flow = Gespräch
about-lead = Kontakt
about-product = Produkt
about-url = Adresse
