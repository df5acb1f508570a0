# Files that creators send up from a browser. Telegram HTML; values are escaped before they come here.

button-upload = ⬆️ Upload a big file
upload-here = A file for <b>{ $title }</b>, of any size that a browser can send: the button opens a page for it. The page is for you alone, takes one file, and is there for an hour. A file of the same name as one of the product's is its next version.
button-upload-open = Open the page
upload-title = Upload
upload-ask = A file for “{ $title }”, of up to { $most } MB. Keep this page open until it has arrived; the chat tells you too.
upload-field = File
upload-send = Upload
upload-thanks = Thank you!
upload-done = “{ $name }” has arrived and belongs to “{ $title }” now.
upload-refused = No upload
upload-told-file = “{ $name }”, { $size } MB, SHA-256 <code>{ $digest }</code>
upload-told-chat = Buyers get it here in the chat.
upload-told-link = It has more than { $most } MB, which is what bots can send: buyers get a download link.
refused-no_such_upload = There is nothing behind this link.
refused-upload_over = This link has been used or is too old. The product's files in the chat have a new one.
refused-upload_not_yours = You no longer act for the creator of this product.
refused-upload_too_large = A file has { $most } MB at most. Nothing of it was kept, and the link is still good.
refused-no_upload = There was no file in it. Go back and choose one; the link is still good.
refused-upload_broken = The file did not arrive whole. Nothing of it was kept, and the link is still good: try again.
refused-no_room = There is no room for this file at present. Nothing of it was kept; tell whoever runs this bot, and try again later.
