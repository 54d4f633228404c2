"""The shop's users: a table of its own, of which Spike knows the ids alone."""

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select
from werkzeug.security import check_password_hash, generate_password_hash

from spike import OwnerId

METADATA = MetaData()
users = Table(
    "users",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("email", String, unique=True, nullable=False),
    Column("password_hash", String, nullable=False),
    sqlite_autoincrement=True,  # no user gets the id, and with it the tokens, of one who was deleted
)


class Users:
    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        METADATA.create_all(self.engine)

    def add(self, email: str, password: str) -> OwnerId:
        """Raises sqlalchemy.exc.IntegrityError: the address is taken."""
        row = {"email": email.lower(), "password_hash": generate_password_hash(password)}
        with self.engine.begin() as connection:
            return OwnerId(str(connection.execute(insert(users).values(row)).inserted_primary_key.id))

    def sign_in(self, email: str, password: str) -> OwnerId | None:
        with self.engine.connect() as connection:
            user = connection.execute(select(users).where(users.c.email == email.lower())).one_or_none()
        is_right = user is not None and check_password_hash(user.password_hash, password)
        return OwnerId(str(user.id)) if is_right else None
