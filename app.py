"""The entry of the app and of a Space: settings, the engine, the page."""

import sys

from hesui.models.engine import Engine
from hesui.settings import Settings
from hesui.ui.shell import serve


def main() -> None:
    """Serve the page until interrupted."""
    settings = Settings()
    engine = Engine(settings)
    try:
        serve(settings, engine, engine.registry.names)
    except OSError as error:
        sys.exit(
            f"cannot listen on {settings.host}:{settings.port} ({error}); set HESUI_PORT to a free port, 0 for any"
        )


if __name__ == "__main__":
    main()
