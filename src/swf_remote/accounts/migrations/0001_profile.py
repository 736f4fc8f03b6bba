"""The profile table, filled for the users who were there before it."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def give_everyone_a_profile(apps: Any, _schema_editor: Any) -> None:
    """Today's site brings its `auth.User` rows along; none of them is known at the monitor yet."""
    user, profile = apps.get_model("auth", "User"), apps.get_model("accounts", "Profile")
    names = user.objects.values_list("pk", flat=True)
    profile.objects.bulk_create([profile(user_id=pk) for pk in names], ignore_conflicts=True)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "known_at_monitor",
                    models.BooleanField(
                        default=False,
                        help_text="The monitor has an account of this name, so the gateway may assert it there.",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="profile",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["user__username"]},
        ),
        migrations.RunPython(give_everyone_a_profile, migrations.RunPython.noop),
    ]
