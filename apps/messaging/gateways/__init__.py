"""One file a provider. `apps.messaging.routes` finds them; nothing else names them."""
