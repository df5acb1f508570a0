# Delivery. Telegram HTML; values are escaped before they come here.

delivery = Here is <b>{ $title }</b>. It stays yours: /library.
delivery-to-come = <b>{ $title }</b> is yours. You will hear here how you get it.
gift-missing = ⚠️ Your flow promises the free product “{ $slug }”, and there is none with that slug on sale for nothing. Add it with <code>/product add</code> and the price 0; its slug is made from its title.
delivery-without-file = ⚠️ Somebody has just got “{ $title }”, and it has no file yet. Send me the file and attach it to product { $product }, and they get it at once.
library = <b>Yours</b>
library-empty = Nothing here yet. /shop shows what there is.
library-again = Sent again.
