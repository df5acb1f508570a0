# Creator's commands. Telegram HTML; values are escaped before they come here.

creators-only = This is for creators.
bound-admin = You look after this bot now: /admin shows what is to do, and you hear here of reviews that somebody minds.
bound-account = This chat belongs to your account now: codes to sign in come here.
bound = You now act for <b>{ $creator }</b>. /help shows what you can do.
product-added = Added: no. { $product } <b>{ $title }</b>, { $price }, { $stock }. Send me its file to attach it.
product-list = <b>Products of { $creator }</b>
product-line = { $product }. { $title } – { $price }, { $stock }
product-none = No products yet.
product-form = Like this: <code>/product add "Preset pack" 19.00 usd stock=50</code>, <code>/product list</code>, <code>/product 3</code>, or <code>/product 3 price 19.00 usd</code>
stock-unlimited = unlimited
stock-left = { $stock ->
    [one] 1 left
   *[other] { $stock } left
}
button-list = List
button-how-to-add = How to add one
file-kept = Got “{ $name }”. Which product is it for?
file-no-products = Got “{ $name }”, but there is no product to attach it to. Add one first: <code>/product add "Preset pack" 19.00 usd</code>
file-attached = “{ $title }” is now delivered with this file.
token = Your API token, good for { $minutes } minutes. Your user id there is <code>{ $account }</code>.
    <code>{ $token }</code>
