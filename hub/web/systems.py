"""How each system of phones and PCs takes in a root certificate, step by step."""

from dataclasses import dataclass

from hub.errors import T

PROFILE, FILE = "/ca/storevitals.mobileconfig", "/ca/storevitals-root.crt"


@dataclass(frozen=True, slots=True)
class System:
    """One kind of machine; `marks` are parts of what its browsers call themselves."""

    code: str
    name: T
    marks: tuple[str, ...]
    file: str
    steps: tuple[T, ...]


SYSTEMS = (
    System(
        "ios",
        T("iPhone、iPad", "iPhone, iPad"),
        ("iPhone", "iPad"),
        PROFILE,
        (
            T(
                "用 Safari 打开本页，点“下载”，再点“允许”。",
                "Open this page in Safari, tap “Download”, then “Allow”.",
            ),
            T(
                "设置 → 已下载描述文件 → 安装。安装前点“更多详细信息”核对指纹。",
                "Settings → Profile Downloaded → Install. Before, compare the fingerprint in "
                "“More Details”.",
            ),
            T(
                "设置 → 通用 → 关于本机 → 证书信任设置 → 打开 StoreVitals Root CA。",
                "Settings → General → About → Certificate Trust Settings → switch on StoreVitals "
                "Root CA.",
            ),
        ),
    ),
    System(
        "harmony",
        T("华为、荣耀（鸿蒙）", "Huawei, Honor (HarmonyOS)"),
        ("HarmonyOS", "OpenHarmony", "HUAWEI", "HONOR"),
        FILE,
        (
            T("点“下载”，保存到手机。", "Tap “Download” and keep the file."),
            T(
                "设置 → 安全 → 更多安全设置 → 加密和凭据 → 从存储设备安装 → "
                "CA 证书，选刚下载的文件。",
                "Settings → Security → More settings → Encryption and credentials → Install from "
                "storage → CA certificate, and choose the file.",
            ),
            T(
                "同一处的“受信任的凭据 → 用户”里点开它，核对指纹。",
                "Open it in “Trusted credentials → User” of the same place and compare the "
                "fingerprint.",
            ),
        ),
    ),
    System(
        "android",
        T("安卓", "Android"),
        ("Android",),
        FILE,
        (
            T("点“下载”，保存到手机。", "Tap “Download” and keep the file."),
            T(
                "设置里搜索“CA 证书”，选“安装 CA 证书 → 仍要安装”，选刚下载的文件。",
                "Search the settings for “CA certificate”, choose “Install anyway” and the file.",
            ),
            T(
                "设置 → 受信任的凭据 → 用户，点开它，核对指纹。",
                "Settings → Trusted credentials → User: open it and compare the fingerprint.",
            ),
        ),
    ),
    System(
        "windows",
        T("Windows 电脑和收银机", "Windows PCs and tills"),
        ("Windows",),
        FILE,
        (
            T("点“下载”，双击打开文件。", "Click “Download” and open the file."),
            T(
                "“详细信息”里核对指纹（Windows 显示的是 SHA-1）。",
                "Compare the thumbprint in “Details” (Windows shows the SHA-1).",
            ),
            T(
                "安装证书 → 本地计算机 → 将所有证书放入下列存储 → 受信任的根证书颁发机构。",
                "Install Certificate → Local Machine → Place all certificates in → Trusted Root "
                "Certification Authorities.",
            ),
        ),
    ),
    System(
        "mac",
        T("苹果电脑", "Mac"),
        ("Macintosh",),
        PROFILE,
        (
            T("点“下载”，打开描述文件。", "Click “Download” and open the profile."),
            T(
                "系统设置 → 通用 → 设备管理 → StoreVitals → 核对指纹 → 安装。",
                "System Settings → General → Device Management → StoreVitals → compare the "
                "fingerprint → Install.",
            ),
        ),
    ),
    System(
        "linux",
        T("Linux、统信、麒麟", "Linux"),
        ("Linux",),
        FILE,
        (
            T(
                "点“下载”，核对指纹："
                "openssl x509 -inform der -noout -fingerprint -sha256 -in 文件。",
                "Download it and compare: openssl x509 -inform der -noout -fingerprint -sha256 -in "
                "FILE.",
            ),
            T(
                "openssl x509 -inform der -in 文件 | sudo tee /usr/local/share/ca-certificates/"
                "storevitals.crt，再运行 sudo update-ca-certificates。",
                "openssl x509 -inform der -in FILE | sudo tee /usr/local/share/ca-certificates/"
                "storevitals.crt, then sudo update-ca-certificates.",
            ),
            T(
                "Chrome 和 Firefox：设置 → 隐私与安全 → 证书 → 授权机构 → 导入。",
                "Chrome and Firefox: Settings → Privacy and security → Certificates → Authorities "
                "→ Import.",
            ),
        ),
    ),
)


def own_first(browser: str) -> list[System]:
    """All systems, that of this browser before the others; Android says that it is Linux too."""
    own = (one for one in SYSTEMS if any(mark in browser for mark in one.marks))
    first = next(own, SYSTEMS[3])
    return [first, *(one for one in SYSTEMS if one is not first)]
