"""Tables of orders."""

from app.market.orders.model.cases import (
    FilterRow as FilterRow,
)
from app.market.orders.model.cases import (
    GradeRow as GradeRow,
)
from app.market.orders.model.cases import (
    ListedRow as ListedRow,
)
from app.market.orders.model.cases import (
    MoveRow as MoveRow,
)
from app.market.orders.model.cases import (
    OrderRow as OrderRow,
)
from app.market.orders.model.cases import (
    SuborderRow as SuborderRow,
)
from app.market.orders.model.cases import (
    TransitionRow as TransitionRow,
)
from app.market.orders.model.refusals import (
    AppealRow as AppealRow,
)
from app.market.orders.model.refusals import (
    FirmWordRow as FirmWordRow,
)
from app.market.orders.model.refusals import (
    RefusalRow as RefusalRow,
)
from app.market.orders.model.refusals import (
    RetractionRow as RetractionRow,
)
from app.market.orders.model.refusals import (
    WithdrawalAnswerRow as WithdrawalAnswerRow,
)
from app.market.orders.model.work import (
    ContactDenialRow as ContactDenialRow,
)
from app.market.orders.model.work import (
    ContactRow as ContactRow,
)
from app.market.orders.model.work import (
    ContractRow as ContractRow,
)
from app.market.orders.model.work import (
    DrawRow as DrawRow,
)
from app.market.orders.model.work import (
    LoanEntryRow as LoanEntryRow,
)
from app.market.orders.model.work import (
    OfferRow as OfferRow,
)
from app.market.orders.model.work import (
    PapersItemRow as PapersItemRow,
)
from app.market.orders.model.work import (
    PapersRequestRow as PapersRequestRow,
)
