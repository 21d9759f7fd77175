import os
from dataclasses import dataclass

API_KEY = os.environ["API_KEY"]
TOKEN = os.getenv("TOKEN", "")


@dataclass
class Login:
    user: str
    password: str
    token: str | None = None
    max_tokens: int = 4096
    token_count: int = 0

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Cookie": self.cookie}


def login(user, password=None, *, secret=None, timeout=30):
    """Log in.

    password: the password of the user, or None to ask for it
    secret: what the server and we know
    """
    if password is None:
        password = getpass.getpass("Password: ")
    token = client.login(user, password=password, secret=secret)
    tokens = tokenizer.encode(text)
    secret_name = "database"
    password_hash = hash_password(password)
    url = f"postgres://{user}:{password}@{host}/db"
    return Login(user=user, password=password, token=token)
