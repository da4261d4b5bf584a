"""What the foundation stack made in each account, before this program comes."""

import base64
import datetime
import io
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.acm.models import acm_backends
from moto.awslambda.utils import get_backend as lambda_backend
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends

REGION: Final = "us-west-2"
STACKS: Final = ("staging", "production")

_ADOT_ACCOUNT = "901920570463"
_ADOT_LAYER = "aws-otel-collector-arm64-ver-0-117-0"
_DOMAIN = "passport.sandbox.invalid"
_ZONES = (f"{REGION}a", f"{REGION}b")
_REGISTRY_ADDRESS = "10.0.10.10"  # within the first private subnet


@dataclass(frozen=True)
class SeededAccount:
    """One stack's account: a user with a key, and the outputs of its foundation stack."""

    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    foundation: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "accountId": self.account_id,
            "accessKeyId": self.access_key_id,
            "secretAccessKey": self.secret_access_key,
            "foundation": dict(self.foundation),
        }


def seed(account_id: str, stack: str) -> SeededAccount:
    """Fill an empty account with what the program expects to be there."""
    key = _access_key(account_id)
    return SeededAccount(
        account_id, key.access_key_id, key.secret_access_key, _foundation(account_id, stack)
    )


def _access_key(account_id: str) -> Any:
    iam = iam_backends[account_id]["aws"]
    iam.create_user(REGION, "sandbox")
    return iam.create_access_key("sandbox")


def _foundation(account_id: str, stack: str) -> dict[str, Any]:
    ec2 = ec2_backends[account_id][REGION]
    vpc = ec2.create_vpc("10.0.0.0/16")
    public, private = (
        [
            ec2.create_subnet(vpc.id, f"10.0.{first + index}.0/24", availability_zone=zone).id
            for index, zone in enumerate(_ZONES)
        ]
        for first in (0, 10)
    )
    functions = ec2.create_security_group(
        "private-subnet", "What runs in the private subnets", vpc.id
    )
    outside = _Balancer(account_id, vpc.id, "public", public, scheme="internet-facing")
    inside = _Balancer(account_id, vpc.id, "private", private, scheme="internal")
    registry = _registry_group(account_id, vpc.id)
    _publish_layer(_ADOT_ACCOUNT, _ADOT_LAYER)
    return {
        "vpcId": vpc.id,
        "privateSubnetIds": private,
        "privateSubnetSecurityGroupId": functions.id,
        "publicAlbArnSuffix": outside.arn_suffix,
        "publicAlbHttpsListenerArn": outside.listen("HTTPS", 443, _certificate(account_id)),
        "privateAlbArnSuffix": inside.arn_suffix,
        "privateAlbHttpListenerArn": inside.listen("HTTP", 80, None),
        "registryTargetGroupArn": registry,
        "scorerSecretArn": _secret(account_id, stack),
        "alertTopicArn": sns_backends[account_id][REGION].create_topic("alerts").arn,
        "pythonLayerArn": _publish_layer(account_id, "python"),
    }


class _Balancer:
    """An application load balancer behind a security group of its own."""

    def __init__(
        self, account_id: str, vpc_id: str, name: str, subnets: list[str], *, scheme: str
    ) -> None:
        group = ec2_backends[account_id][REGION].create_security_group(
            f"{name}-alb", f"The {name} load balancer", vpc_id
        )
        self._backend = elbv2_backends[account_id][REGION]
        self._arn: str = self._backend.create_load_balancer(
            f"passport-{name}",
            [group.id],
            subnets,
            scheme=scheme,
            loadbalancer_type="application",
        ).arn

    @property
    def arn_suffix(self) -> str:
        """The dimension LoadBalancer of CloudWatch."""
        return self._arn.partition(":loadbalancer/")[2]

    def listen(self, protocol: str, port: int, certificate_arn: str | None) -> str:
        """Add a listener that answers 404; the ARN. No target group hangs on it yet."""
        listener = self._backend.create_listener(
            self._arn,
            protocol,
            port,
            "ELBSecurityPolicy-TLS13-1-2-2021-06" if certificate_arn else None,
            certificate_arn,
            [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )
        return str(listener.arn)


def _registry_group(account_id: str, vpc_id: str) -> str:
    """The registry service's target group, with one task registered; the ARN."""
    backend = elbv2_backends[account_id][REGION]
    arn = str(
        backend.create_target_group(
            "registry", vpc_id=vpc_id, protocol="HTTP", port=80, target_type="ip"
        ).arn
    )
    backend.register_targets(arn, [{"Id": _REGISTRY_ADDRESS, "Port": 80}])
    return arn


def _certificate(account_id: str) -> str:
    """Import a certificate that we signed ourselves; the ARN."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _DOMAIN)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_DOMAIN)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    arn = acm_backends[account_id][REGION].import_certificate(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        None,
        None,
        [],
    )
    return str(arn)


def _secret(account_id: str, stack: str) -> str:
    """Store a value that nobody knows; the ARN."""
    name = f"scorer/{stack}"
    backend = secretsmanager_backends[account_id][REGION]
    backend.create_secret(
        name=name,
        secret_string=secrets.token_urlsafe(32),
        secret_binary=None,
        description=None,
        tags=None,
        kms_key_id=None,
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    return str(backend.describe_secret(name).arn)


def _publish_layer(account_id: str, name: str) -> str:
    """Publish version 1 of a layer unless it is there; the version's ARN."""
    backend = lambda_backend(account_id, REGION)
    published = backend.list_layer_versions(name)
    if not published:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("README", "A stand-in without content.")
        content = {"ZipFile": base64.b64encode(code.getvalue()).decode()}
        published = [backend.publish_layer_version({"LayerName": name, "Content": content})]
    return str(published[0].arn)
