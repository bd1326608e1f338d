package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.definition.xml.XmlElement;

/** Processors one by one, as libvirt 9.0 has shown to write them. */
class ProcessorsTest {
  private static DomainDocument document(String processors) throws Exception {
    return DomainDocument.read(
        "<domain type='qemu'><name>d</name><memory>65536</memory>"
            + processors
            + "<os><type>hvm</type></os></domain>");
  }

  private static String text(DomainDocument document) {
    XmlElement each = document.root().child("vcpus");
    StringBuilder text = new StringBuilder();
    text.append(document.processors()).append('/').append(document.mostProcessors());
    if (each != null) {
      for (XmlElement one : each.children("vcpu")) {
        text.append(' ')
            .append(one.attribute("id"))
            .append(one.attribute("enabled").equals("yes") ? '+' : '-')
            .append(one.attribute("hotpluggable").equals("yes") ? 'p' : 's')
            .append(one.attribute("order", ""));
      }
    }
    return text.toString();
  }

  @Test
  void oneByOneOnlyWhereSomeCome() throws Exception {
    DomainDocument document = document("<vcpu current='1'>3</vcpu>");
    assertThat(new Processors(document).anyPluggable()).isTrue();
    new Processors(document).begin();
    assertThat(text(document)).isEqualTo("1/3");
    new Processors(document).came(1);
    assertThat(text(document)).isEqualTo("2/3 0+s1 1+p2 2-p");
    new Processors(document).came(2);
    assertThat(text(document)).isEqualTo("3/3 0+s1 1+p2 2+p3");
    assertThat(new Processors(document).anyPluggable()).isTrue();
    new Processors(document).went(1);
    assertThat(text(document)).isEqualTo("2/3 0+s1 1-p 2+p2");
  }

  @Test
  void aDefinitionIsChanged() throws Exception {
    DomainDocument document = document("<vcpu current='1'>3</vcpu>");
    new Processors(document).set(2, false);
    assertThat(text(document)).isEqualTo("2/3");
    new Processors(document).change(2, true);
    assertThat(text(document)).isEqualTo("3/3 0+s 1+s 2+p");
    new Processors(document).change(1, false);
    assertThat(text(document)).isEqualTo("2/3 0+s 1-p 2+p");
    new Processors(document).set(1, true);
    assertThat(text(document)).isEqualTo("1/3 0+s 1-p 2-p");
    new Processors(document).set(2, true);
    assertThat(text(document)).isEqualTo("2/3 0+s 1+p 2-p");
    assertThat(document.presentProcessors()).containsExactly(0, 1);
  }

  @Test
  void whoIsThereHasAnOrderAtTheStart() throws Exception {
    DomainDocument document =
        document(
            "<vcpu current='2'>3</vcpu><vcpus>"
                + "<vcpu id='0' enabled='yes' hotpluggable='no'/>"
                + "<vcpu id='1' enabled='no' hotpluggable='yes'/>"
                + "<vcpu id='2' enabled='yes' hotpluggable='yes'/></vcpus>");
    new Processors(document).begin();
    assertThat(text(document)).isEqualTo("2/3 0+s1 1-p 2+p2");
    assertThat(document.presentProcessors()).containsExactly(0, 2);
  }

  @Test
  void allThatStayAreNotPlugged() throws Exception {
    assertThat(new Processors(document("<vcpu>4</vcpu>")).anyPluggable()).isFalse();
  }
}
