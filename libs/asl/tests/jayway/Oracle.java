import com.jayway.jsonpath.JsonPath;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;
import net.minidev.json.parser.JSONParser;

/**
 * What Jayway JsonPath answers. Reads lines of {@code [document, path]} and writes a line for each:
 * {@code {"value": …}}, {@code {"refused": text}} when the path does not compile, or
 * {@code {"failed": class, "message": text}}.
 */
public class Oracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        String line;
        while ((line = in.readLine()) != null) {
            List<?> question = (List<?>) plain(new JSONParser(JSONParser.MODE_PERMISSIVE)
                    .parse(line, JSONValue.defaultReader.DEFAULT_ORDERED));
            out.println(JSONValue.toJSONString(
                    answer(question.get(0), (String) question.get(1)), JSONStyle.NO_COMPRESS));
        }
        out.flush();
    }

    private static Map<String, Object> answer(Object document, String path) {
        Map<String, Object> answer = new LinkedHashMap<>();
        JsonPath compiled;
        try {
            compiled = JsonPath.compile(path);
        } catch (Exception refused) {
            answer.put("refused", String.valueOf(refused.getMessage()));
            return answer;
        }
        try {
            answer.put("value", compiled.read(document));
        } catch (Exception failed) {
            answer.put("failed", failed.getClass().getSimpleName());
            answer.put("message", String.valueOf(failed.getMessage()));
        }
        return answer;
    }

    /** Plain lists, which print themselves as Java prints lists and not as JSON. */
    private static Object plain(Object value) {
        if (value instanceof Map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((key, member) -> copy.put((String) key, plain(member)));
            return copy;
        }
        if (value instanceof List) {
            List<Object> copy = new ArrayList<>();
            ((List<?>) value).forEach(item -> copy.add(plain(item)));
            return copy;
        }
        return value;
    }
}
