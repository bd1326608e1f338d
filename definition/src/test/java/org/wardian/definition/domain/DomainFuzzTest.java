package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.Mutations;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/** Documents of every kind with anything changed are refused, or make a domain that holds. */
class DomainFuzzTest {
  /** Of so many that are taken one is looked at in full, which takes longer than making it. */
  private static final int EACH = 4;

  private static final List<String> DOCUMENTS = new ArrayList<>();
  private static final List<XmlElement> DEVICES = new ArrayList<>();

  @BeforeAll
  static void read() throws Exception {
    for (String name : DomainCompletionTest.documents().toList()) {
      if (name.startsWith("many-nets")) {
        continue;
      }
      String given = DomainCompletionTest.given(name);
      DOCUMENTS.add(given);
      XmlReader.read(given)
          .find("devices")
          .ifPresent(devices -> DEVICES.addAll(devices.children()));
    }
  }

  private static String any(Random random) throws XmlException {
    XmlElement root = XmlReader.read(DOCUMENTS.get(random.nextInt(DOCUMENTS.size())));
    Mutations.mutate(root, random);
    return root.toString();
  }

  /** Calls all that a view answers. */
  private static void ask(Object view) throws ReflectiveOperationException {
    for (Method method : view.getClass().getMethods()) {
      boolean isQuestion =
          method.getParameterCount() == 0
              && method.getReturnType() != void.class
              && !Modifier.isStatic(method.getModifiers())
              && method.getDeclaringClass().getPackageName().startsWith("org.wardian");
      if (isQuestion) {
        method.invoke(view);
      }
    }
  }

  @Test
  void aDomainIsRefusedOrHolds() throws Exception {
    Random random = new Random(2);
    DomainDefaults defaults = DomainCompletionTest.defaults();
    int defined = 0;
    for (int n = 0; n < Mutations.ITERATIONS; n++) {
      String given = any(random);
      try {
        DomainDocument document = DomainDocument.define(given, defaults);
        if (defined++ % EACH == 0) {
          holds(document, defaults);
        }
      } catch (XmlException e) {
        assertThat(e.text()).isNotBlank();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + n + ":\n" + given, e);
      }
    }
    assertThat(defined).isGreaterThan(Mutations.ITERATIONS / 20);
  }

  private static void holds(DomainDocument document, DomainDefaults defaults) {
    String written = document.toString();
    DomainDocument again;
    try {
      again = DomainDocument.define(written, defaults);
    } catch (XmlException e) {
      throw new AssertionError("its own document is refused: " + e.text() + "\n" + written, e);
    }
    assertThat(again.uuid()).isEqualTo(document.uuid());
    assertThat(again.devices()).hasSameSizeAs(document.devices());
    DomainDocument live =
        LiveForm.start(
            document, 1, disk -> List.of(new LiveForm.Image("file", "/b", "raw")), "/channels");
    long names = live.devices().stream().flatMap(device -> device.alias().stream()).count();
    long twins =
        live.consoles().stream()
            .filter(console -> console.targetType().filter("serial"::equals).isPresent())
            .count();
    long companions =
        live.controllers().stream().filter(controller -> controller.type().equals("usb")).count();
    assertThat(
            live.devices().stream().flatMap(device -> device.alias().stream()).distinct().count())
        .isGreaterThanOrEqualTo(names - twins - companions);
    assertThat(live.xml(EnumSet.of(DomainFlag.INACTIVE)))
        .doesNotStartWith("<domain type='qemu' id");
  }

  @Test
  void viewsAnswerWhateverADocumentSays() throws Exception {
    Random random = new Random(3);
    for (int n = 0; n < Mutations.ITERATIONS / 10; n++) {
      String given = any(random);
      DomainDocument document = DomainDocument.read(given);
      try {
        ask(document);
        ask(document.tuning());
        ask(document.os());
        ask(document.features());
        ask(document.cpu());
        ask(document.clock());
        for (DomainDevice device : document.devices()) {
          ask(device);
        }
        for (Disk disk : document.disks()) {
          ask(disk.source());
        }
        for (EnumSet<DomainFlag> flags :
            List.of(EnumSet.noneOf(DomainFlag.class), EnumSet.allOf(DomainFlag.class))) {
          document.xml(flags);
        }
      } catch (ReflectiveOperationException | RuntimeException e) {
        throw new AssertionError("case " + n + ":\n" + given, e);
      }
    }
  }

  @Test
  void aDeviceIsRefusedOrHolds() throws Exception {
    Random random = new Random(4);
    DomainDefaults defaults = DomainCompletionTest.defaults();
    List<DomainDocument> bases = new ArrayList<>();
    for (String document : DOCUMENTS) {
      bases.add(DomainDocument.define(document, defaults));
    }
    int changed = 0;
    for (int n = 0; n < Mutations.ITERATIONS; n++) {
      XmlElement device = DEVICES.get(random.nextInt(DEVICES.size())).copy();
      if (random.nextInt(3) > 0) {
        Mutations.mutate(device, random);
      }
      DomainDocument base = bases.get(random.nextInt(bases.size())).copy();
      boolean live = random.nextBoolean();
      try {
        switch (random.nextInt(3)) {
          case 0 -> DeviceChanges.attach(base, device.toString(), defaults, live);
          case 1 -> DeviceChanges.detach(base, device.toString(), defaults, live);
          default -> DeviceChanges.update(base, device.toString(), defaults, live);
        }
        if (changed++ % EACH == 0) {
          DomainDocument.read(base.toString());
          if (!live) {
            holds(base, defaults);
          }
        }
      } catch (XmlException e) {
        assertThat(e.text()).isNotBlank();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + n + ":\n" + base + device, e);
      }
    }
    assertThat(changed).isPositive();
  }

  @Test
  void metadataComesBackAsItWasSet() throws Exception {
    DomainDocument document =
        DomainDocument.define(DOCUMENTS.get(0), DomainCompletionTest.defaults());
    document.metadata().set("<data a='1'><b/></data>", "one", "http://example.org/one");

    assertThat(document.toString())
        .contains("<one:data xmlns:one=\"http://example.org/one\" a=\"1\">")
        .contains("<one:b/>");
    assertThat(document.metadata().get("http://example.org/one"))
        .hasValue("<data a=\"1\">\n  <b/>\n</data>");

    document.metadata().set("<data p:a='1'><p:b/></data>", "p", "urn:other");
    assertThat(document.metadata().get("urn:other"))
        .hasValue("<data xmlns:p=\"urn:other\" p:a=\"1\">\n  <b/>\n</data>");
  }

  @Test
  void metadataIsKeptWhateverItIs() throws Exception {
    Random random = new Random(5);
    DomainDocument document =
        DomainDocument.define(DOCUMENTS.get(0), DomainCompletionTest.defaults());
    for (int n = 0; n < Mutations.ITERATIONS; n++) {
      String given =
          Mutations.mutate("<x a='1'><y xmlns:p='urn:p' p:b='2'>t</y><p:z/></x>", random);
      String namespace = Mutations.mutate("urn:n", random);
      try {
        document.metadata().set(given, "k" + n % 3, namespace);
      } catch (XmlException e) {
        continue;
      }
      Optional<String> kept = document.metadata().get(namespace);
      assertThat(kept).as(given).isPresent();
      XmlReader.read(kept.orElseThrow());
      DomainDocument.read(document.toString());
      if (random.nextBoolean()) {
        assertThat(document.metadata().remove(namespace)).isTrue();
        assertThat(document.metadata().get(namespace)).isEmpty();
      }
      if (n % 100 == 0) {
        document.root().remove("metadata");
      }
    }
    document.setId(OptionalInt.of(3));
    assertThat(document.toString()).startsWith("<domain type='qemu' id='3'>");
  }
}
