package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.libvirt.constants.DomainEventDefinedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainEventUndefinedDetailType;
import org.wardian.libvirt.constants.DomainUndefineFlags;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainDefineXmlFlagsRet;
import org.wardian.libvirt.wire.remote.DomainDefineXmlRet;
import org.wardian.libvirt.wire.remote.DomainGetAutostartRet;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainRenameArgs;
import org.wardian.libvirt.wire.remote.DomainRenameRet;
import org.wardian.libvirt.wire.remote.DomainSetAutostartArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Definitions: made, read, renamed, removed. */
final class DefinitionProcedures extends DomainProcedures {
  DefinitionProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_DEFINE_XML,
        (call, args) -> new DomainDefineXmlRet(define(args.xml())));
    handlers.on(
        RemoteProgram.DOMAIN_DEFINE_XML_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 1);
          return new DomainDefineXmlFlagsRet(define(args.xml()));
        });
    handlers.act(RemoteProgram.DOMAIN_UNDEFINE, (call, args) -> undefine(args.dom(), 0));
    handlers.act(
        RemoteProgram.DOMAIN_UNDEFINE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 0x3f);
          undefine(args.dom(), args.flags());
        });
    handlers.on(RemoteProgram.DOMAIN_GET_XML_DESC, this::xml);
    handlers.on(RemoteProgram.DOMAIN_RENAME, this::rename);
    handlers.on(
        RemoteProgram.DOMAIN_GET_AUTOSTART,
        (call, args) -> new DomainGetAutostartRet(find(args.dom()).facts().autostart() ? 1 : 0));
    handlers.act(RemoteProgram.DOMAIN_SET_AUTOSTART, this::setAutostart);
  }

  static UUID uuid(DomainDocument document) throws LibvirtException {
    return document.uuid().orElseThrow(() -> Refusal.internal("the document has no uuid"));
  }

  /** Refuses a name that can be no file's, as libvirt does for one with a slash. */
  static void requireName(String name) throws LibvirtException {
    if (!DefinitionFolder.isName(name)) {
      throw new LibvirtException(
          ErrorNumber.XML_ERROR,
          ErrorDomain.DOMAIN,
          name.indexOf('/') >= 0
              ? "name " + name + " cannot contain '/'"
              : "name '" + name + "' cannot be that of a file");
    }
  }

  private DomainRef define(String xml) throws LibvirtException {
    DomainDocument document = parts().xml().define(xml);
    requireName(document.name());
    UUID uuid = uuid(document);
    Domain known = table().get(uuid);
    if (known == null) {
      Domain fresh = new Domain(uuid, DomainFacts.inactive(document, false));
      return fresh.change(
          "define",
          () -> {
            // In the table first, so that nobody else can take the name; on the disk before the
            // client hears of it.
            table().add(fresh, document.name());
            try {
              files().save(document);
            } catch (LibvirtException e) {
              table().remove(fresh);
              throw e;
            }
            events()
                .lifecycle(
                    fresh, DomainEventType.DEFINED, DomainEventDefinedDetailType.ADDED.number());
            return fresh.ref();
          });
    }
    table().requireFree(document.name(), uuid);
    return known.change(
        "define",
        () -> {
          boolean added = !known.facts().isPersistent();
          files().save(document);
          known.update(now -> now.withConfig(document));
          events()
              .lifecycle(
                  known,
                  DomainEventType.DEFINED,
                  added
                      ? DomainEventDefinedDetailType.ADDED.number()
                      : DomainEventDefinedDetailType.UPDATED.number());
          return known.ref();
        });
  }

  private void undefine(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.perform(
        "undefine",
        () -> {
          if (!domain.facts().isPersistent()) {
            throw Refusal.notNow("cannot undefine transient domain");
          }
          removeBelongings(domain, flags);
          String name = domain.name();
          files().delete(name);
          if (domain.isActive()) {
            domain.update(now -> {
              DomainFacts transientNow =
                  new DomainFacts(
                      null, now.live(), now.id(), now.state(), now.reason(), false, now.updated());
              return now.isActive() ? transientNow : now;
            });
          } else {
            table().remove(domain);
          }
          events()
              .lifecycle(
                  domain,
                  DomainEventType.UNDEFINED,
                  DomainEventUndefinedDetailType.REMOVED.number());
        });
  }

  private void removeBelongings(Domain domain, int flags) throws LibvirtException {
    Path save = files().managedSave(domain.name());
    SnapshotRecords records = parts().snapshots();
    if (!domain.isActive()) {
      int snapshots = records.snapshots(domain.uuid());
      if (snapshots > 0 && (flags & DomainUndefineFlags.SNAPSHOTS_METADATA) == 0) {
        throw Refusal.notNow("cannot delete inactive domain with " + snapshots + " snapshots");
      }
      int checkpoints = records.checkpoints(domain.uuid());
      if (checkpoints > 0 && (flags & DomainUndefineFlags.CHECKPOINTS_METADATA) == 0) {
        throw Refusal.notNow("cannot delete inactive domain with " + checkpoints + " checkpoints");
      }
    }
    try {
      if (Files.exists(save)) {
        if ((flags & DomainUndefineFlags.MANAGED_SAVE) == 0) {
          throw Refusal.notNow("Refusing to undefine while domain managed save image exists");
        }
        Files.delete(save);
      }
      String nvram = domain.definition().root().textAt("os/nvram");
      if (nvram != null && !nvram.isEmpty() && Files.exists(Path.of(nvram))) {
        if ((flags & DomainUndefineFlags.NVRAM) != 0) {
          Files.delete(Path.of(nvram));
        } else if ((flags & DomainUndefineFlags.KEEP_NVRAM) == 0) {
          throw Refusal.notNow("cannot undefine domain with nvram");
        }
      }
    } catch (IOException e) {
      throw Refusal.system("cannot remove a file of the domain: " + e.getMessage(), e);
    }
    if (!domain.isActive()) {
      records.forget(domain.uuid());
    }
  }

  private DomainGetXmlDescRet xml(Call call, DomainGetXmlDescArgs args) throws LibvirtException {
    call.checkFlags(
        args.flags(),
        DomainXmlFlags.SECURE
            | DomainXmlFlags.INACTIVE
            | DomainXmlFlags.UPDATE_CPU
            | DomainXmlFlags.MIGRATABLE);
    Set<DomainFlag> flags = EnumSet.noneOf(DomainFlag.class);
    flags.addAll(DomainFlag.of(args.flags()));
    DomainFacts facts = find(args.dom()).facts();
    boolean inactive = flags.contains(DomainFlag.INACTIVE);
    DomainDocument document =
        inactive && facts.config() != null ? facts.config() : facts.document();
    if (facts.live() == null || document == facts.config()) {
      flags.add(DomainFlag.INACTIVE);
    }
    if (flags.contains(DomainFlag.UPDATE_CPU)) {
      document = parts().xml().withProcessor(document);
    }
    return new DomainGetXmlDescRet(document.xml(flags));
  }

  private DomainRenameRet rename(Call call, DomainRenameArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    String name = args.newName() == null ? "" : args.newName();
    Domain domain = find(args.dom());
    domain.perform(
        "rename",
        () -> {
          if (domain.isActive()) {
            throw Refusal.notNow("cannot rename active domain");
          }
          if (name.isEmpty() || !DefinitionFolder.isName(name)) {
            throw new LibvirtException(
                ErrorNumber.INVALID_ARG,
                ErrorDomain.DOMAIN,
                "'" + name + "' can be no domain's name");
          }
          String old = domain.name();
          if (old.equals(name)) {
            throw Refusal.notNow("Can't rename domain to itself");
          }
          if (Files.exists(files().managedSave(old))) {
            throw Refusal.notNow("domain with a managed saved state can't be renamed");
          }
          if (parts().snapshots().snapshots(domain.uuid()) > 0) {
            throw Refusal.notNow("cannot rename domain with snapshots");
          }
          table().rename(domain, old, name);
          renameFiles(domain, old, name);
        });
    return new DomainRenameRet(0);
  }

  /** The new file is there before the old one goes: who is killed between finds both. */
  private void renameFiles(Domain domain, String old, String name) throws LibvirtException {
    DomainRef before = domain.ref();
    DomainDocument changed = domain.facts().config().copy();
    changed.setName(name);
    boolean autostart = domain.facts().autostart();
    try {
      files().save(changed);
      files().definitions().setAutostart(name, autostart);
    } catch (LibvirtException | IOException e) {
      table().rename(domain, name, old);
      throw Refusal.failed("cannot write the definition under its new name", e);
    }
    domain.update(now -> now.withConfig(changed));
    files().delete(old);
    parts().snapshots().renamed(domain.uuid(), name);
    events()
        .lifecycle(
            before, DomainEventType.UNDEFINED, DomainEventUndefinedDetailType.RENAMED.number());
    events()
        .lifecycle(domain, DomainEventType.DEFINED, DomainEventDefinedDetailType.RENAMED.number());
  }

  private void setAutostart(Call call, DomainSetAutostartArgs args) throws LibvirtException {
    Domain domain = find(args.dom());
    domain.perform(
        "autostart",
        () -> {
          if (!domain.facts().isPersistent()) {
            throw Refusal.notNow("cannot set autostart for transient domain");
          }
          try {
            files().definitions().setAutostart(domain.name(), args.autostart() != 0);
          } catch (IOException e) {
            throw Refusal.system("cannot set autostart: " + e.getMessage(), e);
          }
          domain.update(now -> now.withAutostart(args.autostart() != 0));
        });
  }
}
