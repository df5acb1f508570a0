# was eine Nachfassreihe ihrem Creator sagt, während sie läuft

funnel-parked = ⚠️ Dein Funnel „{ $funnel }“ kommt für Lead #{ $lead } beim Schritt „{ $step }“ nicht weiter: { $reason }

    Dort wird gewartet, auch von allen anderen, denen dasselbe passiert; der Rest läuft weiter. /funnels zeigt sie dir.
stumbled-webhook = die Konfiguration kennt keinen Webhook „{ $name }“
webhook-failed = ⚠️ Dein Webhook „{ $name }“ war zwei Tage lang nicht zu erreichen, als ein Funnel ihm etwas zu sagen hatte: { $reason }. Dieser Aufruf ist aufgegeben; spätere gehen wie immer hinaus.
