# The command menu. Telegram HTML; values are escaped before they come here.

command-shop = What is for sale
command-library = What is yours
command-orders = What you ordered
command-help = What I can do
command-language = Choose the language
command-cancel = Stop a conversation
command-stop = No more follow-ups
command-privacy = What is kept about you
command-terms = The terms
command-paysupport = Help with a payment
command-product = Your products
command-refund = Give money back
command-coupon = Discount codes
command-idea = Your ideas
command-leads = Your leads
command-lead = One lead: look it up, write, tag
command-tag = Your tags
command-link = Links that count who came
command-token = A token for the API
menu-own-command = From { $creator }
