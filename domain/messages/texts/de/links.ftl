# Nachverfolgte Links. Telegram-HTML; Werte sind schon maskiert.

link-form = So geht es: <code>/link flow welcome "Instagram-Profil" utm_source=instagram</code> (oder <code>title="Instagram-Profil"</code>). Ein Link führt zu flow, product, funnel oder idea mit Namen, oder zu <code>start</code>; /link allein listet alle auf.
link-list = <b>Deine Links</b> ({ $total }). Jeder zählt, wer darüber kam.
link-none = Noch keine Links. Ein Link zählt, wer darüber kam und was gekauft wurde.
link-card =
    🔗 <b>{ $title }</b> (Link { $number })
    → { $target }
    { $url }
link-value = { $value }
link-result = { $leads ->
        [one] 1 neuer Kontakt
       *[other] { $leads } neue Kontakte
    }, { $touches ->
        [one] einmal
       *[other] { $touches }-mal
    } geöffnet von { $people ->
        [one] 1 Person
       *[other] { $people } Personen
    }
link-revenue = { $orders ->
        [one] 1 bezahlte Bestellung
       *[other] { $orders } bezahlte Bestellungen
    }, { $revenue }
link-button-new = ➕ Neuer Link
link-button-archive = Weglegen
link-archived = „{ $title }“ ist weggelegt. Wer ihn noch öffnet, wird wie bei einem einfachen /start begrüßt; was er gebracht hat, bleibt gezählt.
link-is-archived = <i>Weggelegt.</i>
link-ask-target = Wohin soll er führen?
link-ask-name = Zu welchem?
link-no-target = Dafür gibt es noch kein Ziel.
link-to-start = zum Start
link-to-flow = Flow
link-to-product = Produkt
link-to-funnel = Funnel
link-to-idea = Idee
link-to-package = Paket
