package org.wardian.daemon.domain;

import java.util.Optional;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.DomainMetadataType;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetMetadataArgs;
import org.wardian.libvirt.wire.remote.DomainGetMetadataRet;
import org.wardian.libvirt.wire.remote.DomainSetLifecycleActionArgs;
import org.wardian.libvirt.wire.remote.DomainSetMetadataArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What people and programs write into a domain's document: title, description, elements. */
final class MetadataProcedures extends DomainProcedures {
  MetadataProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_METADATA, this::get);
    handlers.act(RemoteProgram.DOMAIN_SET_METADATA, this::set);
    handlers.act(RemoteProgram.DOMAIN_SET_LIFECYCLE_ACTION, this::setAction);
  }

  private DomainGetMetadataRet get(Call call, DomainGetMetadataArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    DomainDocument document = document(domain, Impact.ofLook(domain, args.flags()));
    Optional<String> found =
        switch (DomainMetadataType.of(args.type())) {
          case DESCRIPTION -> document.description();
          case TITLE -> document.title();
          case ELEMENT -> document.metadata().get(args.uri() == null ? "" : args.uri());
          case null -> throw Refusal.badArgument("unknown metadata type");
        };
    return new DomainGetMetadataRet(
        found.orElseThrow(() ->
            Refusal.qemu(
                ErrorNumber.NO_DOMAIN_METADATA, "Requested metadata element is not present")));
  }

  private void set(Call call, DomainSetMetadataArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    DomainMetadataType type = DomainMetadataType.of(args.type());
    if (type == null) {
      throw Refusal.badArgument("unknown metadata type");
    }
    if (type == DomainMetadataType.ELEMENT && args.uri() == null) {
      throw Refusal.badArgument("an element has a namespace");
    }
    if (type == DomainMetadataType.TITLE
        && args.metadata() != null
        && args.metadata().indexOf('\n') >= 0) {
      throw Refusal.badArgument("metadata title can't contain newlines");
    }
    domain.perform(
        "metadata",
        () -> {
          edit(domain, Impact.of(domain, args.flags()), document -> apply(document, type, args));
          events().metadata(domain, type.number(), args.uri());
        });
  }

  private static void apply(
      DomainDocument document, DomainMetadataType type, DomainSetMetadataArgs args)
      throws LibvirtException {
    Optional<String> text = Optional.ofNullable(args.metadata());
    switch (type) {
      case DESCRIPTION -> document.setDescription(text);
      case TITLE -> document.setTitle(text);
      case ELEMENT -> {
        if (text.isEmpty()) {
          document.metadata().remove(args.uri());
          return;
        }
        try {
          document.metadata().set(text.get(), args.key() == null ? "" : args.key(), args.uri());
        } catch (XmlException e) {
          throw DomainXml.error(e, "(metadata_xml)");
        }
      }
    }
  }

  private void setAction(Call call, DomainSetLifecycleActionArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Domain domain = find(args.dom());
    String element =
        switch (args.type()) {
          case 0 -> "on_poweroff";
          case 1 -> "on_reboot";
          case 2 -> "on_crash";
          default -> throw Refusal.badArgument("unknown lifecycle type " + args.type());
        };
    String action =
        switch (args.action()) {
          case 0 -> "destroy";
          case 1 -> "restart";
          case 2 -> "rename-restart";
          case 3 -> "preserve";
          case 4 -> "coredump-destroy";
          case 5 -> "coredump-restart";
          default -> throw Refusal.badArgument("unknown lifecycle action " + args.action());
        };
    if (args.action() > 3 && args.type() != 2 || args.action() == 2) {
      throw Refusal.unsupported(
          "lifecycle action '" + action + "' is not supported for " + element);
    }
    domain.perform(
        "set-lifecycle-action",
        () ->
            edit(
                domain,
                Impact.of(domain, args.flags()),
                document -> {
                  document.root().childOrNew(element).text(action);
                  DocumentOrder.arrange(document);
                }));
  }
}
