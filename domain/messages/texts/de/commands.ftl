# Das Befehlsmenü. Telegram-HTML; Werte sind schon maskiert.

command-shop = Was es zu kaufen gibt
command-library = Was dir gehört
command-orders = Was du bestellt hast
command-help = Was ich kann
command-language = Sprache wählen
command-cancel = Ein Gespräch abbrechen
command-stop = Keine weiteren Nachfassnachrichten
command-privacy = Was über dich gespeichert ist
command-terms = Die Bedingungen
command-paysupport = Hilfe bei einer Zahlung
command-product = Deine Produkte
command-refund = Geld erstatten
command-coupon = Rabattcodes
command-idea = Deine Ideen
command-leads = Deine Kontakte
command-lead = Ein Kontakt: ansehen, schreiben, taggen
command-tag = Deine Tags
command-link = Links, die zählen, wer kam
command-token = Ein Token für die API
menu-own-command = Von { $creator }
