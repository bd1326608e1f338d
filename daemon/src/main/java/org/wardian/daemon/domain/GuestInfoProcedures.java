package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.libvirt.constants.DomainGuestInfoTypes;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetGuestInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetGuestInfoRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a guest says of itself: its system, users, zone of time, name, file systems. */
final class GuestInfoProcedures extends DomainProcedures {
  /** Things of a kind that are told: a guest may have as many as it likes. */
  private static final int MOST = 1_000;

  private static final List<String> SYSTEM =
      List.of(
          "id",
          "name",
          "pretty-name",
          "version",
          "version-id",
          "kernel-release",
          "kernel-version",
          "machine",
          "variant",
          "variant-id");

  GuestInfoProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_GUEST_INFO, this::info);
  }

  /** A part that an agent may not know. */
  @FunctionalInterface
  private interface Part {
    void add(TypedParams params) throws LibvirtException;
  }

  private DomainGetGuestInfoRet info(Call call, DomainGetGuestInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    if (call.session().isReadOnly()) {
      throw Refusal.qemu(
          org.wardian.libvirt.constants.ErrorNumber.OPERATION_DENIED,
          "read only access prevents virDomainGetGuestInfo");
    }
    Domain domain = find(args.dom());
    GuestAgents.channel(domain);
    TypedParams params = new TypedParams();
    boolean all = args.types() == 0;
    int types = args.types();
    part(all, types, DomainGuestInfoTypes.USERS, params, to -> users(domain, to));
    part(all, types, DomainGuestInfoTypes.OS, params, to -> system(domain, to));
    part(all, types, DomainGuestInfoTypes.TIMEZONE, params, to -> zone(domain, to));
    part(
        all,
        types,
        DomainGuestInfoTypes.HOSTNAME,
        params,
        to -> to.text("hostname", ask(domain, "guest-get-host-name").path("host-name").asText()));
    part(all, types, DomainGuestInfoTypes.FILESYSTEM, params, to -> fileSystems(domain, to));
    return new DomainGetGuestInfoRet(params.list());
  }

  /** With all asked for, what the agent does not know is left out. */
  private static void part(boolean all, int types, int type, TypedParams params, Part part)
      throws LibvirtException {
    if (!all && (types & type) == 0) {
      return;
    }
    try {
      part.add(params);
    } catch (LibvirtException e) {
      if (!all || e.is(org.wardian.libvirt.constants.ErrorNumber.AGENT_UNRESPONSIVE)) {
        throw e;
      }
    }
  }

  private JsonNode ask(Domain domain, String command) throws LibvirtException {
    return parts().agents().execute(domain, command, null);
  }

  private void users(Domain domain, TypedParams params) throws LibvirtException {
    JsonNode users = ask(domain, "guest-get-users");
    int count = Math.min(users.size(), MOST);
    params.uint32("user.count", count);
    for (int i = 0; i < count; i++) {
      JsonNode user = users.get(i);
      params.text("user." + i + ".name", user.path("user").asText());
      if (user.has("domain")) {
        params.text("user." + i + ".domain", user.path("domain").asText());
      }
      params.uint64(
          "user." + i + ".login-time", (long) (user.path("login-time").asDouble() * 1_000));
    }
  }

  private void system(Domain domain, TypedParams params) throws LibvirtException {
    JsonNode system = ask(domain, "guest-get-osinfo");
    for (String name : SYSTEM) {
      if (system.has(name)) {
        params.text("os." + name, system.path(name).asText());
      }
    }
  }

  private void zone(Domain domain, TypedParams params) throws LibvirtException {
    JsonNode zone = ask(domain, "guest-get-timezone");
    if (zone.has("zone")) {
      params.text("timezone.name", zone.path("zone").asText());
    }
    params.int32("timezone.offset", zone.path("offset").asInt());
  }

  private void fileSystems(Domain domain, TypedParams params) throws LibvirtException {
    JsonNode all = ask(domain, "guest-get-fsinfo");
    int count = Math.min(all.size(), MOST);
    params.uint32("fs.count", count);
    for (int i = 0; i < count; i++) {
      JsonNode one = all.get(i);
      String prefix = "fs." + i + ".";
      params.text(prefix + "name", one.path("name").asText());
      params.text(prefix + "mountpoint", one.path("mountpoint").asText());
      params.text(prefix + "fstype", one.path("type").asText());
      if (one.has("total-bytes")) {
        params.uint64(prefix + "total-bytes", one.path("total-bytes").asLong());
        params.uint64(prefix + "used-bytes", one.path("used-bytes").asLong());
      }
      JsonNode disks = one.path("disk");
      params.uint32(prefix + "disk.count", disks.size());
      for (int n = 0; n < Math.min(disks.size(), MOST); n++) {
        JsonNode disk = disks.get(n);
        if (disk.has("serial")) {
          params.text(prefix + "disk." + n + ".serial", disk.path("serial").asText());
        }
        if (disk.has("dev")) {
          params.text(prefix + "disk." + n + ".device", disk.path("dev").asText());
        }
      }
    }
  }
}
