package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.libvirt.constants.DomainSaveImageXmlFlags;
import org.wardian.libvirt.constants.DomainSaveRestoreFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainHasManagedSaveImageRet;
import org.wardian.libvirt.wire.remote.DomainManagedSaveGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainSaveImageGetXmlDescRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Machines saved to files, and restored. */
final class SaveProcedures extends DomainProcedures {
  private static final int WAYS = DomainSaveRestoreFlags.RUNNING | DomainSaveRestoreFlags.PAUSED;
  private static final int FLAGS =
      WAYS | DomainSaveRestoreFlags.BYPASS_CACHE | DomainSaveRestoreFlags.RESET_NVRAM;

  private final SavedMachines saved;

  SaveProcedures(DomainParts parts, SavedMachines saved) {
    super(parts);
    this.saved = saved;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_SAVE, (call, args) -> save(args.dom(), args.to(), null, 0));
    handlers.act(
        RemoteProgram.DOMAIN_SAVE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          save(args.dom(), args.to(), args.dxml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_SAVE_PARAMS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          ParamReader params = ParamReader.of(args.params(), PARAMS);
          if (!params.has("file")) {
            domainManagedSave(args.dom(), params.text("dxml").orElse(null), args.flags());
          } else {
            save(
                args.dom(),
                params.text("file").orElseThrow(),
                params.text("dxml").orElse(null),
                args.flags());
          }
        });
    handlers.act(RemoteProgram.DOMAIN_RESTORE, (call, args) -> restore(args.from(), null, 0));
    handlers.act(
        RemoteProgram.DOMAIN_RESTORE_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          restore(args.from(), args.dxml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_RESTORE_PARAMS,
        (call, args) -> {
          call.checkFlags(args.flags(), FLAGS);
          ParamReader params = ParamReader.of(args.params(), PARAMS);
          restore(
              params
                  .text("file")
                  .orElseThrow(() -> Refusal.badArgument("missing path to restore from")),
              params.text("dxml").orElse(null),
              args.flags());
        });
    registerImages(handlers);
  }

  private static final Map<String, ParamReader.Kind> PARAMS =
      Map.of("file", ParamReader.Kind.STRING, "dxml", ParamReader.Kind.STRING);

  private void registerImages(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_SAVE_IMAGE_GET_XML_DESC,
        (call, args) -> {
          call.checkFlags(args.flags(), DomainSaveImageXmlFlags.SECURE);
          return new DomainSaveImageGetXmlDescRet(
              xml(SaveImage.read(path(args.file())), args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_SAVE_IMAGE_DEFINE_XML,
        (call, args) -> {
          call.checkFlags(args.flags(), WAYS);
          redefine(path(args.file()), args.dxml(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_MANAGED_SAVE,
        (call, args) -> {
          call.checkFlags(args.flags(), WAYS | DomainSaveRestoreFlags.BYPASS_CACHE);
          domainManagedSave(args.dom(), null, args.flags());
        });
    handlers.on(
        RemoteProgram.DOMAIN_HAS_MANAGED_SAVE_IMAGE,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          return new DomainHasManagedSaveImageRet(
              Files.exists(files().managedSave(find(args.dom()).name())) ? 1 : 0);
        });
    handlers.act(
        RemoteProgram.DOMAIN_MANAGED_SAVE_REMOVE,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Domain domain = find(args.dom());
          domain.perform(
              "managedsave-remove",
              () -> {
                try {
                  Files.deleteIfExists(files().managedSave(domain.name()));
                } catch (IOException e) {
                  throw Refusal.system("Failed to remove managed save file", e);
                }
              });
        });
    handlers.on(
        RemoteProgram.DOMAIN_MANAGED_SAVE_GET_XML_DESC,
        (call, args) -> {
          call.checkFlags(args.flags(), DomainSaveImageXmlFlags.SECURE);
          return new DomainManagedSaveGetXmlDescRet(
              xml(SaveImage.read(managed(find(args.dom()))), args.flags()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_MANAGED_SAVE_DEFINE_XML,
        (call, args) -> {
          call.checkFlags(args.flags(), WAYS);
          redefine(managed(find(args.dom())), args.dxml(), args.flags());
        });
  }

  private Path managed(Domain domain) throws LibvirtException {
    Path file = files().managedSave(domain.name());
    if (!Files.exists(file)) {
      throw Refusal.notNow("domain does not have managed save image");
    }
    return file;
  }

  private static Path path(String text) throws LibvirtException {
    if (text.isEmpty() || text.indexOf('\0') >= 0) {
      throw Refusal.badArgument("'" + text + "' is no file's path");
    }
    return Path.of(text).toAbsolutePath();
  }

  private static String xml(SaveImage image, int flags) {
    Set<DomainFlag> shown = EnumSet.of(DomainFlag.INACTIVE);
    if ((flags & DomainSaveImageXmlFlags.SECURE) != 0) {
      shown.add(DomainFlag.SECURE);
    }
    return image.document().xml(shown);
  }

  private static Optional<Boolean> way(int flags) throws LibvirtException {
    return switch (flags & WAYS) {
      case 0 -> Optional.empty();
      case DomainSaveRestoreFlags.RUNNING -> Optional.of(false);
      case DomainSaveRestoreFlags.PAUSED -> Optional.of(true);
      default ->
          throw Refusal.badArgument(
              "flags 'VIR_DOMAIN_SAVE_RUNNING' and 'VIR_DOMAIN_SAVE_PAUSED' are mutually"
                  + " exclusive");
    };
  }

  private DomainDocument document(String xml) throws LibvirtException {
    return xml == null || xml.isEmpty() ? null : parts().xml().define(xml);
  }

  private void save(DomainRef ref, String to, String xml, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.running();
    Path file = path(to);
    DomainDocument document = document(xml);
    Optional<Boolean> paused = way(flags);
    Backups.awaitNone(domain);
    domain.perform("save", () -> saved.save(domain, file, document, paused));
  }

  private void domainManagedSave(DomainRef ref, String xml, int flags) throws LibvirtException {
    Domain domain = find(ref);
    domain.running();
    if (!domain.facts().isPersistent()) {
      throw Refusal.notNow("cannot do managed save for transient domain");
    }
    DomainDocument document = document(xml);
    Optional<Boolean> paused = way(flags);
    Backups.awaitNone(domain);
    domain.perform(
        "managedsave", () -> saved.save(domain, saved.managed(domain), document, paused));
  }

  private void restore(String from, String xml, int flags) throws LibvirtException {
    saved.restore(path(from), document(xml), way(flags));
  }

  private void redefine(Path file, String xml, int flags) throws LibvirtException {
    SaveImage image = SaveImage.read(file);
    DomainDocument document = document(xml);
    if (document != null) {
      AbiCheck.check(image.document(), document);
    }
    new SaveImage(document == null ? image.document() : document, way(flags).orElse(image.paused()))
        .write(file);
  }
}
