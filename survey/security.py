"""What every response says to browsers about security, and how often one address may knock."""

from django.conf import settings

from .models.throttles import Limit

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'{forms}; frame-ancestors {frames}"
)
# Of a figure that came from elsewhere, which is no page that could run anything.
ONLY_A_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def security_headers(get_response):
    """Middleware: CSP without inline code, and only frames that a view names in `response.frame_hosts`."""

    def respond(request):
        response = get_response(request)
        hosts = " ".join(getattr(response, "frame_hosts", ()))
        response.headers.setdefault(
            "Content-Security-Policy",
            POLICY.format(forms=f" {hosts}" if hosts else "", frames=hosts or "'none'"),
        )
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return respond


enrolments = Limit("enrolments", settings.ENROLMENTS_PER_MINUTE, seconds=60)
receipts_tried = Limit("receipts", 30, seconds=15 * 60)
failed_logins = Limit("logins", 10, seconds=15 * 60)


def address_of(request):
    """The visitor's network address, to be hashed at once; the proxy's word for it, if one is in front."""
    if settings.SECURE_PROXY_SSL_HEADER:
        return request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    return request.META.get("REMOTE_ADDR", "")
