"""What a case is, and what those who judge it say."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass
class Case:
    """One signed file. `group/name` is what the allow-list matches."""

    group: str
    name: str
    file: pathlib.Path
    # True where an honest signer made it by the profile, False where it was tampered with or lies outside.
    good: bool
    # Detached CMS of `file`, if that is what is judged.
    signature: pathlib.Path | None = None
    # What `format` must be among those of the report; None where it does not matter.
    format: str | None = None
    # What is known of revocation, in place of the CRLs of both authorities.
    revocation: tuple = ()
    # Judges that can read this kind of signature: a name and a function of the case that says yes or no.
    judges: tuple = ()

    @property
    def title(self):
        return f"{self.group}/{self.name}"


def run(words, **options):
    """A command's exit status and everything that it said."""
    done = subprocess.run(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **options
    )
    return done.returncode, done.stdout


def must(words, **options):
    status, output = run(words, **options)
    if status != 0:
        raise RuntimeError(f"{words}: {output.decode(errors='replace')}")
    return output


def attempt(check):
    """True where `check` returns true; a judge that raises says no."""
    try:
        return bool(check())
    except Exception:  # noqa: BLE001 - whatever a judge throws at a bad signature is a no
        return False
