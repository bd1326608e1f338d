package org.wardian.boot.catalogue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/** The guests that can be fetched by name. */
public final class GuestCatalogue {
  /** The guest that is run when none is named. */
  public static final String DEFAULT_GUEST = "debian-cloud";

  private static final List<GuestDefinition> GUESTS =
      List.of(
          new GuestDefinition(
              DEFAULT_GUEST,
              "Debian's kernel for virtual machines, 64-bit, with busybox",
              "amd64",
              "linux-image-cloud-amd64",
              "busybox-static"),
          new GuestDefinition(
              "debian-pc",
              "Debian's kernel for any PC, 64-bit, with busybox",
              "amd64",
              "linux-image-amd64",
              "busybox-static"),
          new GuestDefinition(
              "debian-i386",
              "Debian's kernel for any PC, 32-bit with PAE, with busybox",
              "i386",
              "linux-image-686-pae",
              "busybox-static"));

  private GuestCatalogue() {}

  /** All guests, the default one first. */
  public static List<GuestDefinition> all() {
    return GUESTS;
  }

  /**
   * The guest of a name.
   *
   * @throws CatalogueException of kind {@link Kind#UNKNOWN_GUEST} if there is none
   */
  public static GuestDefinition find(String name) throws CatalogueException {
    for (GuestDefinition guest : GUESTS) {
      if (guest.name().equals(name)) {
        return guest;
      }
    }
    String known =
        Stream.concat(
                GUESTS.stream().map(GuestDefinition::name),
                SystemDefinition.ALL.stream().map(SystemDefinition::name))
            .collect(Collectors.joining(", "));
    String printable = name.replaceAll("\\p{Cntrl}", "?");
    throw new CatalogueException(
        Kind.UNKNOWN_GUEST, "there is no guest \"" + printable + "\"; there are " + known);
  }
}
