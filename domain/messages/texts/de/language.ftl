# /language. Telegram-HTML; Werte sind schon maskiert.

language-which = In welcher Sprache soll ich dir schreiben? Zurzeit ist es { $name }.
language-automatic = Wie in Telegram
language-changed = Alles klar, ab jetzt schreibe ich auf { $name }.
language-follows = Alles klar, ich schreibe in der Sprache, in der du Telegram benutzt.
language-form = Ich spreche { $languages }. So geht es: <code>/language en</code>, oder <code>/language auto</code>, um Telegram zu folgen.
