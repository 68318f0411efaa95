"""The entry of the app and of a Space: settings, the models, the page."""

import sys

from hesui.errors import SettingsError
from hesui.models.routing import Router
from hesui.settings import Settings
from hesui.ui.shell import serve


def main() -> None:
    """Serve the page until interrupted."""
    settings = Settings()
    try:
        router = Router(settings)
        serve(settings, router, router.names)
    except SettingsError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"cannot listen on {settings.host}:{settings.port} ({error}); set HESUI_PORT to a free port, 0 for any"
        )


if __name__ == "__main__":
    main()
