# Delivery. Telegram HTML; values are escaped before they come here.

delivery = Here is <b>{ $title }</b>. It stays yours: /library.
delivery-to-come = <b>{ $title }</b> is yours. You will hear here how you get it.
gift-missing = ⚠️ Your flow promises the free product “{ $slug }”, and there is none with that slug on sale for nothing. Add it with <code>/product add</code> and the price 0; its slug is made from its title.
delivery-without-file = ⚠️ Somebody has just got “{ $title }”, and it has no file yet. Send me the file and attach it to product { $product }, and they get it at once.
library = <b>Yours</b> from { $creator }
library-empty = Nothing here yet. /shop shows what there is.
library-empty-here = Nothing from { $creator } here yet. /shop shows what there is; what is yours from others:
library-of = Yours from { $creator } ›
library-again = Sent again.
delivery-keys = { $count ->
        [one] Here is your key for <b>{ $title }</b>. It stays yours: /library.
       *[other] Here are your { $count } keys for <b>{ $title }</b>. They stay yours: /library.
    }
delivery-link = <b>{ $title }</b> is yours. The button opens it; /library has it again.
delivery-channel = <b>{ $title }</b> is yours. The button lets you in: it is for you alone, works once, and is good for a week. /library has a new one.
delivery-service = <b>{ $title }</b> is yours.
delivery-service-to-come = <b>{ $title }</b> is yours. The seller gets in touch with you about it.
delivery-by-post = <b>{ $title }</b> is yours. You will hear here when it is on its way.
delivery-shipped = <b>{ $title }</b> is yours, and has been sent off.
delivery-by-link = “{ $name }” is too large for a chat. The button downloads it; it is good for some days and a few downloads, and /library has a new one.
delivery-without-key = ⚠️ Somebody has just got “{ $title }”, and there are not enough keys left. Add keys to product { $product }, and they get theirs at once.
delivery-without-link = ⚠️ Somebody has just got “{ $title }”, and it has no link yet. Set the link of product { $product }, and they get it at once.
delivery-without-channel = ⚠️ Somebody has just got “{ $title }”, and I cannot let them in. Make me an administrator of its channel with the right to invite people, or set the channel of product { $product }; they get in at once then.
button-open = Open
button-join = Join
button-download = Download
refused-no_such_download = There is nothing behind this link.
refused-link_over = This link is used up or too old. /library in the chat has a new one.
refused-right_gone = This has been taken back, so it cannot be downloaded any more.
refused-keys = send between 1 and { $most } keys, one a line
refused-key = key { $number } cannot be one: up to { $most } letters, digits and signs
download-refused = No download
refused-key-file = a list of keys has up to { $most } MB
refused-key-file-text = this is no list of keys: send a plain text file with one key on each line
refused-key-file-lost = Telegram does not hand the file out; send it again
refused-nothing_to_ship = There is nothing to be sent off for this order.
keys-taken = I am reading the keys for “{ $title }”.
keys-read = 🔑 “{ $title }”: { $added ->
        [one] 1 key added
       *[other] { $added } keys added
    }{ $doubled ->
        [0] .
        [one] , 1 was there already.
       *[other] , { $doubled } were there already.
    }
keys-refused = ⚠️ No key was added to “{ $title }”: { $why }
order-shipped = 📦 <b>{ $title }</b> is on its way to you.
order-shipped-with = 📦 <b>{ $title }</b> is on its way to you: { $tracking }
refused-owned_already = They have it already.
refused-nothing_to_take = They do not have it.
refused-reason = say why, in up to { $most } characters
lead-form-give = Like this: <code>/lead { $lead } give 7 A gift for the mistake</code>, with the number of a product and the reason.
lead-form-revoke = Like this: <code>/lead { $lead } revoke 7 Shared it with everybody</code>, with the number of a product and the reason.
lead-given = { $name } has “{ $title }” now.
lead-revoked = { $name } does not have “{ $title }” any more. No money goes back by this.
