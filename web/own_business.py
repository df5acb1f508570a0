"""A business of their own for somebody whom an outside issuer vouches for, and who comes to an address of their own.

Their token is all that they have: nobody else could found it for them, or would know what to call it.
"""

from aiohttp import web

from domain.access import Act
from domain.accounts import AlreadyCreator, Business, RegistrationClosed, upgrade_to_creator
from domain.creators import CreatorExists
from kit.errors import Forbidden
from store.models import Role
from web.auth import sign_in, vouched_for
from web.tools import TOOLS


async def found_own(request: web.Request) -> bool:
    """Once is enough. False for an account of ours, whose owner does that when they want to.

    Raises Forbidden for another's address and for whom signing up as a creator is not open to.
    """
    tools, vouched = request.app[TOOLS], vouched_for(request)
    if vouched is None:
        return False
    if request.match_info["user_id"] != vouched.subject:
        raise Forbidden("this address belongs to another account")
    while True:
        try:
            async with tools.database.transaction() as session:
                caller = await sign_in(request, session)
                caller.must(Act.BECOME_CREATOR)
                business = Business(caller.account.name)
                await upgrade_to_creator(
                    session, caller.account.id, business=business, open_to=tools.self_register, now=tools.clock()
                )
        except AlreadyCreator:
            # by a request that came at the same moment
            return True
        except CreatorExists:
            # another of that name took the slug meanwhile: the next try finds a free one
            continue
        except RegistrationClosed:
            raise _closed() from None
        return True


def _closed() -> RegistrationClosed:
    open_it = f"let whoever runs this Spark add `{Role.CREATOR}` to accounts.self_register"
    return RegistrationClosed(
        f"this account acts for no creator, and nobody can found a business here by themselves: {open_it}, or accept "
        "an invitation to a team"
    )
