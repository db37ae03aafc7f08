"""Words for kinds of tickets and ways of paying."""

from hub.errors import T

KINDS = {
    "sale": T("销售", "Sale"),
    "return": T("退货", "Return"),
    "void": T("作废", "Void"),
}
TENDERS = {
    "cash": T("现金", "Cash"),
    "card": T("银行卡", "Card"),
    "wechat": T("微信支付", "WeChat Pay"),
    "alipay": T("支付宝", "Alipay"),
    "points": T("积分", "Points"),
    "voucher": T("购物券", "Voucher"),
    "other": T("其他", "Other"),
}
