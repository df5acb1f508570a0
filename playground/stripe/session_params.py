"""The parameters of Checkout Sessions, by name: https://docs.stripe.com/api/checkout/sessions/create"""

from playground.stripe.catalogue_params import AMOUNT, INLINE_PRODUCT, RECURRING, TAX_BEHAVIOR
from playground.stripe.lists import CREATED, list_fields
from playground.stripe.params import (
    EXPAND,
    Anything,
    Email,
    Flag,
    Fraction,
    Many,
    Metadata,
    OneOf,
    Text,
    Url,
    Whole,
    fields,
)

_LOCALES = """
auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt
pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW
"""
LOCALES = tuple(_LOCALES.split())
_METHODS = """
acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie
bizum blik boleto card cashapp crypto customer_balance eps fpx giropay grabpay ideal kakao_pay klarna
konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco
paynow paypal paypay payto pix promptpay revolut_pay samsung_pay satispay scalapay sepa_debit sequra
sofort sunbit swish twint upi us_bank_account wechat_pay zip
"""
PAYMENT_METHODS = OneOf(tuple(_METHODS.split()))
PRICE_DATA = fields(
    "currency",
    currency=Text(),
    product=Text(),
    product_data=INLINE_PRODUCT,
    recurring=RECURRING,
    tax_behavior=TAX_BEHAVIOR,
    unit_amount=AMOUNT,
    unit_amount_decimal=Fraction(),
)
ADJUSTABLE = fields("enabled", enabled=Flag(), maximum=Whole(0, 999_999), minimum=Whole(0, 999_999))
LINE_ITEM = fields(
    adjustable_quantity=ADJUSTABLE,
    metadata=Metadata(),
    price=Text(),
    price_data=PRICE_DATA,
    quantity=Whole(1, 999_999),
    tax_rates=Many(Text()),
)
OPTIONAL_ITEM = fields("price", "quantity", adjustable_quantity=ADJUSTABLE, price=Text(), quantity=Whole(0))
SHIPPING_OPTION = fields(
    shipping_rate=Text(),
    shipping_rate_data=fields(
        "display_name",
        delivery_estimate=Anything(),
        display_name=Text(100),
        fixed_amount=fields("amount", "currency", amount=AMOUNT, currency=Text(), currency_options=Anything()),
        metadata=Metadata(),
        tax_behavior=TAX_BEHAVIOR,
        tax_code=Text(),
        type=OneOf(("fixed_amount",)),
    ),
)
SHIPPING_ADDRESS = fields("allowed_countries", allowed_countries=Many(Text(2)))
ENABLED = fields("enabled", enabled=Flag())
AUTOMATIC_TAX = fields("enabled", enabled=Flag(), liability=Anything())
CONSENT = fields(
    payment_method_reuse_agreement=Anything(),
    promotions=OneOf(("auto", "none")),
    terms_of_service=OneOf(("none", "required")),
)
TAX_IDS = fields("enabled", enabled=Flag(), required=OneOf(("if_supported", "never")))
BILLING_ADDRESS = OneOf(("auto", "required"))
CUSTOMER_CREATION = OneOf(("always", "if_required"))
SUBMIT_TYPE = OneOf(("auto", "book", "donate", "pay", "subscribe"))
METHOD_COLLECTION = OneOf(("always", "if_required"))
_MESSAGE = fields("message", message=Text(1200))
CUSTOM_TEXT = fields(
    after_submit=_MESSAGE,
    shipping_address=_MESSAGE,
    submit=_MESSAGE,
    terms_of_service_acceptance=_MESSAGE,
)
_TYPED = fields(default_value=Text(255), maximum_length=Whole(1, 255), minimum_length=Whole(1, 255))
CUSTOM_FIELD = fields(
    "key",
    "label",
    "type",
    dropdown=fields(
        "options",
        default_value=Text(100),
        options=Many(fields("label", "value", label=Text(100), value=Text(100)), 200),
    ),
    key=Text(200),
    label=fields("custom", "type", custom=Text(50), type=OneOf(("custom",))),
    numeric=_TYPED,
    optional=Flag(),
    text=_TYPED,
    type=OneOf(("dropdown", "numeric", "text")),
)
PAYMENT_INTENT_DATA = fields(
    application_fee_amount=AMOUNT,
    capture_method=OneOf(("automatic", "automatic_async", "manual")),
    description=Text(1000),
    metadata=Metadata(),
    on_behalf_of=Text(),
    receipt_email=Email(),
    setup_future_usage=OneOf(("off_session", "on_session")),
    shipping=Anything(),
    statement_descriptor=Text(22),
    statement_descriptor_suffix=Text(22),
    transfer_data=Anything(),
    transfer_group=Text(),
)

SESSION_CREATE = fields(
    adaptive_pricing=fields(enabled=Flag()),
    after_expiration=fields(
        recovery=fields("enabled", allow_promotion_codes=Flag(), enabled=Flag()),
    ),
    allow_promotion_codes=Flag(),
    allowed_payment_method_types=Many(PAYMENT_METHODS),
    automatic_tax=AUTOMATIC_TAX,
    billing_address_collection=BILLING_ADDRESS,
    branding_settings=fields(
        background_color=Text(clearable=True),
        border_style=Text(clearable=True),
        button_color=Text(clearable=True),
        display_name=Text(),
        font_family=Text(clearable=True),
        icon=Anything(),
        logo=Anything(),
    ),
    cancel_url=Url(),
    client_reference_id=Text(200),
    consent_collection=CONSENT,
    currency=Text(),
    custom_fields=Many(CUSTOM_FIELD, 3),
    custom_text=CUSTOM_TEXT,
    customer=Text(),
    customer_account=Text(),
    customer_creation=CUSTOMER_CREATION,
    customer_email=Email(),
    customer_update=Anything(),
    discounts=Many(fields(coupon=Text(), promotion_code=Text()), 1),
    excluded_payment_method_types=Many(PAYMENT_METHODS),
    expand=EXPAND,
    expires_at=Whole(),
    integration_identifier=Text(),
    invoice_creation=Anything(),
    line_items=Many(LINE_ITEM, 100),
    locale=OneOf(LOCALES),
    managed_payments=fields(enabled=Flag()),
    metadata=Metadata(),
    mode=OneOf(("payment", "setup", "subscription")),
    name_collection=Anything(),
    optional_items=Many(OPTIONAL_ITEM, 10),
    origin_context=OneOf(("mobile_app", "web")),
    payment_intent_data=PAYMENT_INTENT_DATA,
    payment_method_collection=METHOD_COLLECTION,
    payment_method_configuration=Text(100),
    payment_method_data=Anything(),
    payment_method_options=Anything(),
    permissions=Anything(),
    phone_number_collection=ENABLED,
    redirect_on_completion=OneOf(("always", "if_required", "never")),
    return_url=Url(),
    saved_payment_method_options=Anything(),
    setup_intent_data=Anything(),
    shipping_address_collection=SHIPPING_ADDRESS,
    shipping_options=Many(SHIPPING_OPTION, 5),
    submit_type=SUBMIT_TYPE,
    subscription_data=Anything(),
    success_url=Url(),
    tax_id_collection=TAX_IDS,
    ui_mode=OneOf(("elements", "embedded_page", "form", "hosted_page")),
    wallet_options=Anything(),
)
SESSION_UPDATE = fields(expand=EXPAND, metadata=Metadata())
SESSION_EXPIRE = fields(expand=EXPAND)
SESSION_LIST = list_fields(
    created=CREATED,
    customer=Text(),
    customer_account=Text(),
    customer_details=fields("email", email=Text()),
    payment_intent=Text(),
    payment_link=Text(),
    status=OneOf(("complete", "expired", "open")),
    subscription=Text(),
)
