package org.wardian.cli.manage;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Finds what the user names. */
final class Lookup {
  private Lookup() {}

  /**
   * A domain by its name; where none has it, by UUID, and by the id of a running one.
   *
   * @throws Failure where there is none
   */
  static Domain domain(Connection connection, String text) throws LibvirtException {
    try {
      return connection.domain(text);
    } catch (LibvirtException e) {
      if (!e.is(ErrorNumber.NO_DOMAIN)) {
        throw e;
      }
    }
    try {
      Optional<UUID> uuid = uuid(text);
      if (uuid.isPresent()) {
        return connection.domain(uuid.get());
      }
      if (text.matches("\\d{1,9}")) {
        return connection.domain(Integer.parseInt(text));
      }
    } catch (LibvirtException e) {
      if (!e.is(ErrorNumber.NO_DOMAIN)) {
        throw e;
      }
    }
    throw none("machine", text, "ward list --all");
  }

  /** A network by name or UUID. */
  static Network network(Connection connection, String text) throws LibvirtException {
    try {
      return connection.network(text);
    } catch (LibvirtException e) {
      if (!e.is(ErrorNumber.NO_NETWORK)) {
        throw e;
      }
    }
    return byUuid(connection.networks(), Network::uuid, text)
        .orElseThrow(() -> none("network", text, "ward net list --all"));
  }

  /** A storage pool by name or UUID. */
  static StoragePool pool(Connection connection, String text) throws LibvirtException {
    try {
      return connection.storagePool(text);
    } catch (LibvirtException e) {
      if (!e.is(ErrorNumber.NO_STORAGE_POOL)) {
        throw e;
      }
    }
    return byUuid(connection.storagePools(), StoragePool::uuid, text)
        .orElseThrow(() -> none("storage pool", text, "ward pool list --all"));
  }

  /** A volume, as {@code POOL/NAME} or by its path on the daemon's host. */
  static StorageVolume volume(Connection connection, String text) throws LibvirtException {
    try {
      if (text.startsWith("/")) {
        return connection.volumeByPath(text);
      }
      VolumeName name = VolumeName.parse(text);
      return pool(connection, name.pool()).volume(name.volume());
    } catch (LibvirtException e) {
      if (!e.is(ErrorNumber.NO_STORAGE_VOL)) {
        throw e;
      }
      throw none(
          "volume",
          text,
          text.startsWith("/") ? "ward vol list" : "ward vol list " + text.split("/", 2)[0]);
    }
  }

  private static Failure none(String what, String text, String list) {
    return new Failure(
        ExitStatus.NOT_FOUND,
        "there is no "
            + what
            + " \""
            + Cells.plain(text)
            + "\": '"
            + list
            + "' tells what there is");
  }

  private static <T> Optional<T> byUuid(List<T> all, Function<T, UUID> uuid, String text) {
    return uuid(text)
        .flatMap(wanted -> all.stream().filter(one -> uuid.apply(one).equals(wanted)).findFirst());
  }

  private static Optional<UUID> uuid(String text) {
    return text.matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
        ? Optional.of(UUID.fromString(text))
        : Optional.empty();
  }
}
