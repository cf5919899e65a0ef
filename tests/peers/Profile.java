import java.io.File;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.IRI;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.model.OWLOntologyManager;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileReport;
import org.semanticweb.owlapi.util.SimpleIRIMapper;

/** Reports for each file whether it is in the OWL 2 DL profile. The first file is what the others may import. */
public class Profile {
    private static final IRI IMPORTED = IRI.create("https://w3id.org/threatgraph/ontology");

    public static void main(String[] files) throws Exception {
        boolean good = true;
        for (String file : files) {
            OWLOntologyManager manager = OWLManager.createOWLOntologyManager();
            manager.getIRIMappers().add(new SimpleIRIMapper(IMPORTED, IRI.create(new File(files[0]))));
            OWLOntology ontology = manager.loadOntologyFromOntologyDocument(new File(file));
            OWLProfileReport report = new OWL2DLProfile().checkOntology(ontology);
            System.out.println(file + ": " + ontology.getAxiomCount() + " axioms, "
                    + (report.isInProfile() ? "in OWL 2 DL" : "OUTSIDE OWL 2 DL"));
            report.getViolations().forEach(violation -> System.out.println("  " + violation));
            good &= report.isInProfile() && ontology.getAxiomCount() > 0;
        }
        System.exit(good ? 0 : 1);
    }
}
