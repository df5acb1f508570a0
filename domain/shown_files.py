"""Which stored files others may be shown: in a channel, or in a broadcast."""

from sqlalchemy import or_

from store.models import FileRole, StoredFile

# not what a lead has sent, nor a list of keys, nor what is going or was taken away
MAY_BE_SHOWN = (
    StoredFile.lead_id.is_(None),
    StoredFile.role != FileRole.KEYS,
    StoredFile.forgetting_at.is_(None),
    StoredFile.removed_at.is_(None),
    # of what comes up the size is known once all of it is there
    or_(StoredFile.size.is_not(None), StoredFile.blob.is_(None)),
)
