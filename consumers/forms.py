from consumers.models import Consumer
from kongadmin.manager.forms import EntityForm


class ConsumerForm(EntityForm):
    class Meta:
        model = Consumer
        fields = ("username", "custom_id", "tags")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["placeholder"] = "Enter a unique username"
        self.fields["custom_id"].widget.attrs["placeholder"] = (
            "Enter a unique custom ID"
        )

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.prepare()
