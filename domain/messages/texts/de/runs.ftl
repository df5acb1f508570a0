# Gespräche, die unterwegs sind. Telegram-HTML; Werte sind schon maskiert, wenn sie hier ankommen.

answer-not-optional = Diese Frage lässt sich nicht überspringen. Bitte beantworte sie, oder beende das Gespräch mit /cancel.
answer-no-way-back = Von dieser Frage führt kein Weg zurück. Bitte beantworte sie, oder beende das Gespräch mit /cancel.
answer-none-before = Vor dieser Frage kommt keine andere, beantworte sie einfach. Mit /cancel hörst du auf.
flow-paused = Du warst vorhin mitten in einem anderen Gespräch. Wollen wir damit weitermachen?
flow-paused-titled = Vorhin warst du mitten in <b>{ $title }</b>. Wollen wir damit weitermachen?
button-go-on = Weitermachen
button-leave-it = Lassen
flow-left = Gut, wir lassen es.
flow-over = Dieses Gespräch ist vorbei. /start beginnt von vorn.
flow-gone = Das gibt es nicht mehr. /start zeigt dir, was es gibt.
flow-given-up = Macht nichts, wir lassen es hier. Ein Mensch weiß Bescheid und kann dir helfen; /start beginnt von vorn.
flow-reminder = Bist du noch da? Hier waren wir stehen geblieben:
chat-taken-over = Hier schreibt gerade ein Mensch mit dir. Schick einfach deine Nachricht.
relayed-unreadable = (etwas, das sich hier nicht zeigen lässt)
flow-told = 📝 Kontakt { $lead }, { $name }, hat „{ $flow }“ abgeschlossen
flow-so-far-told = 📝 Kontakt { $lead }, { $name }, ist in „{ $flow }“ nicht bis zum Ende gekommen. Bis dahin beantwortet:
flow-unreadable-told = ⚠️ Kontakt { $lead }, { $name }, war in einer Fassung von „{ $flow }“, die sich nicht mehr lesen lässt; sie endet dort. /lead { $lead } zeigt, was beantwortet wurde.
flow-stumbled = ⚠️ Dein Flow „{ $flow }“ kann nicht tun, was bei „{ $node }“ steht: { $reason }. Er geht ohne das weiter; bessere es in seiner Definition aus.
flow-given-up-told = ⚠️ Kontakt { $lead }, { $name }, konnte „{ $node }“ in deinem Flow „{ $flow }“ nicht beantworten; er endet dort. Mit /lead { $lead } kannst du schreiben.
handover-told = 🤝 Kontakt { $lead }, { $name }, wartet auf einen Menschen. Der Bot schweigt dort, bis du den Chat zurückgibst.
question-skipped = ↷ Übersprungen
question-left = ↩ Zurück zur Frage davor

# warum ein Flow etwas nicht kann, innerhalb eines anderen Satzes
stumbled-circle = er geht im Kreis
stumbled-node = einen Knoten „{ $name }“ gibt es nicht
stumbled-media = { $media } ist nicht da
stumbled-funnel = einen Funnel „{ $name }“ gibt es nicht mehr
stumbled-product = ein Produkt „{ $name }“ ist nicht im Verkauf
