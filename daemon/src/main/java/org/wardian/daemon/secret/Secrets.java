package org.wardian.daemon.secret;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.definition.secret.SecretDefinition;
import org.wardian.definition.secret.SecretDefinition.Usage;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ConnectListAllSecretsFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.SecretDefineFlags;
import org.wardian.libvirt.constants.SecretEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllSecretsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllSecretsRet;
import org.wardian.libvirt.wire.remote.ConnectListSecretsRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfSecretsRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.SecretDefineXmlArgs;
import org.wardian.libvirt.wire.remote.SecretDefineXmlRet;
import org.wardian.libvirt.wire.remote.SecretEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.SecretEventValueChangedMsg;
import org.wardian.libvirt.wire.remote.SecretGetValueArgs;
import org.wardian.libvirt.wire.remote.SecretGetValueRet;
import org.wardian.libvirt.wire.remote.SecretGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.SecretGetXmlDescRet;
import org.wardian.libvirt.wire.remote.SecretLookupByUsageArgs;
import org.wardian.libvirt.wire.remote.SecretLookupByUsageRet;
import org.wardian.libvirt.wire.remote.SecretLookupByUuidRet;
import org.wardian.libvirt.wire.remote.SecretRef;
import org.wardian.libvirt.wire.remote.SecretSetValueArgs;
import org.wardian.libvirt.wire.remote.SecretUndefineArgs;

/** The secrets of a daemon. Nothing here takes long, so one lock guards all. */
public final class Secrets implements HandlerFamily {
  private static final int MOST = 16_384;
  private static final int LIST_FLAGS =
      ConnectListAllSecretsFlags.EPHEMERAL
          | ConnectListAllSecretsFlags.NO_EPHEMERAL
          | ConnectListAllSecretsFlags.PRIVATE
          | ConnectListAllSecretsFlags.NO_PRIVATE;

  private final SecretFiles files;
  private final Events events;
  private final Map<UUID, SecretDefinition> secrets = new TreeMap<>();
  private final Map<UUID, byte[]> values = new TreeMap<>();

  /** Reads what there is in the folders. */
  public Secrets(Folders folders, Events events) {
    this.events = events;
    files = new SecretFiles(folders.configuration().resolve("secrets"));
    files
        .readAll()
        .forEach((uuid, secret) -> {
          secrets.put(uuid, secret);
          byte[] value = files.value(uuid);
          if (value != null) {
            values.put(uuid, value);
          }
        });
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_NUM_OF_SECRETS,
        (call, nothing) -> new ConnectNumOfSecretsRet(all().size()));
    table.on(
        RemoteProgram.CONNECT_LIST_SECRETS,
        (call, args) ->
            new ConnectListSecretsRet(
                all().stream()
                    .map(secret -> secret.uuid().toString())
                    .limit(Math.max(0, args.maxuuids()))
                    .toList()));
    table.on(RemoteProgram.CONNECT_LIST_ALL_SECRETS, this::list);
    table.on(
        RemoteProgram.SECRET_LOOKUP_BY_UUID,
        (call, args) -> new SecretLookupByUuidRet(ref(secret(args.uuid()))));
    table.on(RemoteProgram.SECRET_LOOKUP_BY_USAGE, this::byUsage);
    table.on(RemoteProgram.SECRET_DEFINE_XML, this::define);
    table.on(RemoteProgram.SECRET_GET_XML_DESC, this::xml);
    table.act(RemoteProgram.SECRET_SET_VALUE, this::setValue);
    table.on(RemoteProgram.SECRET_GET_VALUE, this::getValue);
    table.act(RemoteProgram.SECRET_UNDEFINE, this::undefine);
  }

  private static LibvirtException error(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.SECRET, detail);
  }

  private static SecretRef ref(SecretDefinition secret) {
    return new SecretRef(secret.uuid(), secret.usage().ordinal(), secret.usageId());
  }

  private synchronized List<SecretDefinition> all() {
    return new ArrayList<>(secrets.values());
  }

  private synchronized SecretDefinition secret(UUID uuid) throws LibvirtException {
    SecretDefinition secret = secrets.get(uuid);
    if (secret == null) {
      throw error(ErrorNumber.NO_SECRET, "no secret with matching uuid '" + uuid + "'");
    }
    return secret;
  }

  private synchronized SecretDefinition find(Usage usage, String usageId) {
    for (SecretDefinition secret : secrets.values()) {
      if (secret.usage() == usage && secret.usageId().equals(usageId)) {
        return secret;
      }
    }
    return null;
  }

  /**
   * The value of a secret for the daemon's own use, private or not.
   *
   * @throws LibvirtException where there is no such secret, or it has no value
   */
  public synchronized byte[] value(UUID uuid) throws LibvirtException {
    secret(uuid);
    byte[] value = values.get(uuid);
    if (value == null) {
      throw error(ErrorNumber.NO_SECRET, "secret '" + uuid + "' does not have a value");
    }
    return value.clone();
  }

  /** The same by what the secret is for. */
  public byte[] value(Usage usage, String usageId) throws LibvirtException {
    return value(lookup(usage, usageId).uuid());
  }

  private SecretDefinition lookup(Usage usage, String usageId) throws LibvirtException {
    SecretDefinition secret = find(usage, usageId);
    if (secret == null) {
      throw error(ErrorNumber.NO_SECRET, "no secret with matching usage '" + usageId + "'");
    }
    return secret;
  }

  private SecretLookupByUsageRet byUsage(Call call, SecretLookupByUsageArgs args)
      throws LibvirtException {
    Usage[] usages = Usage.values();
    if (args.usageType() < 0 || args.usageType() >= usages.length) {
      throw error(ErrorNumber.NO_SECRET, "no secret with matching usage '" + args.usageID() + "'");
    }
    return new SecretLookupByUsageRet(ref(lookup(usages[args.usageType()], args.usageID())));
  }

  private ConnectListAllSecretsRet list(Call call, ConnectListAllSecretsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), LIST_FLAGS);
    List<SecretRef> found =
        all().stream()
            .filter(secret ->
                shows(
                        args.flags(),
                        secret.ephemeral(),
                        ConnectListAllSecretsFlags.EPHEMERAL,
                        ConnectListAllSecretsFlags.NO_EPHEMERAL)
                    && shows(
                        args.flags(),
                        secret.isPrivate(),
                        ConnectListAllSecretsFlags.PRIVATE,
                        ConnectListAllSecretsFlags.NO_PRIVATE))
            .map(Secrets::ref)
            .toList();
    return new ConnectListAllSecretsRet(args.needResults() != 0 ? found : List.of(), found.size());
  }

  private static boolean shows(int flags, boolean is, int yes, int no) {
    return (flags & (yes | no)) == 0 || (flags & (is ? yes : no)) != 0;
  }

  private SecretDefineXmlRet define(Call call, SecretDefineXmlArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), SecretDefineFlags.VALIDATE);
    SecretDefinition secret = parse(args.xml());
    synchronized (this) {
      check(secret);
      try {
        keep(secret);
      } catch (IOException e) {
        throw error(ErrorNumber.SYSTEM_ERROR, "cannot write config of secret: " + e.getMessage());
      }
      secrets.put(secret.uuid(), secret);
    }
    tell(secret, SecretEventLifecycleType.DEFINED);
    return new SecretDefineXmlRet(ref(secret));
  }

  private static SecretDefinition parse(String xml) throws LibvirtException {
    try {
      return SecretDefinition.parse(xml);
    } catch (XmlException e) {
      if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
        throw new LibvirtException(
            ErrorNumber.XML_DETAIL, ErrorDomain.XML, e.of("(definition_of_secret)"), e);
      }
      throw error(ErrorNumber.of(e.kind().code()), e.getMessage());
    }
  }

  private void check(SecretDefinition secret) throws LibvirtException {
    SecretDefinition known = secrets.get(secret.uuid());
    if (known == null) {
      SecretDefinition other =
          secret.usage() == Usage.NONE ? null : find(secret.usage(), secret.usageId());
      if (other != null) {
        throw error(
            ErrorNumber.INTERNAL_ERROR,
            "a secret with UUID "
                + other.uuid()
                + " already defined for use with "
                + other.usageId());
      }
      if (secrets.size() >= MOST) {
        throw error(ErrorNumber.OPERATION_FAILED, "there are " + MOST + " secrets already");
      }
    } else if (known.usage() != secret.usage() || !known.usageId().equals(secret.usageId())) {
      throw error(
          ErrorNumber.INTERNAL_ERROR,
          "a secret with UUID "
              + known.uuid()
              + " is already defined for use with "
              + known.usageId());
    } else if (known.isPrivate() && !secret.isPrivate()) {
      throw error(ErrorNumber.INTERNAL_ERROR, "cannot change private flag on existing secret");
    }
  }

  private void keep(SecretDefinition secret) throws IOException {
    if (secret.ephemeral()) {
      files.delete(secret.uuid());
      return;
    }
    files.write(secret);
    byte[] value = values.get(secret.uuid());
    if (value != null) {
      files.writeValue(secret.uuid(), value);
    }
  }

  private void tell(SecretDefinition secret, SecretEventLifecycleType event) {
    events.emit(
        RemoteProgram.SECRET_EVENT_LIFECYCLE,
        secret.uuid(),
        id -> new SecretEventLifecycleMsg(id, ref(secret), event.number(), 0));
  }

  private SecretGetXmlDescRet xml(Call call, SecretGetXmlDescArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    return new SecretGetXmlDescRet(secret(args.secret().uuid()).document());
  }

  private void setValue(Call call, SecretSetValueArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    SecretDefinition secret;
    synchronized (this) {
      secret = secret(args.secret().uuid());
      if (!secret.ephemeral()) {
        try {
          files.writeValue(secret.uuid(), args.value());
        } catch (IOException e) {
          throw error(ErrorNumber.SYSTEM_ERROR, "cannot write value of secret: " + e.getMessage());
        }
      }
      values.put(secret.uuid(), args.value().clone());
    }
    events.emit(
        RemoteProgram.SECRET_EVENT_VALUE_CHANGED,
        secret.uuid(),
        id -> new SecretEventValueChangedMsg(id, ref(secret)));
  }

  private SecretGetValueRet getValue(Call call, SecretGetValueArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    UUID uuid = args.secret().uuid();
    if (secret(uuid).isPrivate()) {
      throw error(ErrorNumber.INVALID_SECRET, "secret is private");
    }
    return new SecretGetValueRet(value(uuid));
  }

  private void undefine(Call call, SecretUndefineArgs args) throws LibvirtException {
    SecretDefinition secret;
    synchronized (this) {
      secret = secret(args.secret().uuid());
      try {
        files.delete(secret.uuid());
      } catch (IOException e) {
        throw error(ErrorNumber.SYSTEM_ERROR, "cannot remove files of secret: " + e.getMessage());
      }
      secrets.remove(secret.uuid());
      values.remove(secret.uuid());
    }
    tell(secret, SecretEventLifecycleType.UNDEFINED);
  }
}
