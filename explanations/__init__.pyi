from explanations.collecting.explanation_set import ExplanationSet as ExplanationSet
from explanations.methods.explaining import explain as explain
from explanations.rendering import Rendering as Rendering
