"""The researchers' login, which after too many failures waits."""

from django.contrib.auth.views import LoginView

from ..security import address_of, failed_logins


class ThrottledLogin(LoginView):
    """Counts failures by name and by address; refuses even the right password until they have faded."""

    template_name = "studio/login.html"

    def post(self, request, *args, **kwargs):
        if any(failed_logins.is_reached(*key) for key in self._keys()):
            context = self.get_context_data(form=self.get_form_class()(), too_many=True)
            return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form):
        for key in self._keys():
            failed_logins.count(*key)
        return super().form_invalid(form)

    def _keys(self):
        return [
            ("name", self.request.POST.get("username", "").casefold()),
            ("address", address_of(self.request)),
        ]
